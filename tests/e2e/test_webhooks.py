"""Webhooks of a whole installation: a server of the test's own is told, and finds out who told it."""

import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from servers.client import Client
from servers.installation import Installation
from servers.waiting import eventually
from standardwebhooks import Webhook as Verifier

SECONDS = 30


class Listener:
    """Takes what comes, by the path that it came to."""

    def __init__(self) -> None:
        self.url = ""
        self.taken: list[tuple[str, dict[str, str], bytes]] = []

    async def take(self, request: web.BaseRequest) -> web.Response:
        self.taken.append((request.path, dict(request.headers), await request.read()))
        return web.Response(status=204)

    async def told(self, path: str, secret: str, job_id: str) -> dict[str, Any]:
        """What came there about the job, once it has; the secret must have signed it."""

        def about_job() -> list[tuple[dict[str, str], bytes]]:
            found = [(headers, body) for at, headers, body in self.taken if at == path]
            return [(headers, body) for headers, body in found if json.loads(body)["data"].get("job_id") == job_id]

        await eventually(lambda: bool(about_job()), within_s=SECONDS)
        ((headers, body),) = about_job()
        message: dict[str, Any] = Verifier(secret).verify(body, headers)
        return message


@asynccontextmanager
async def listener() -> AsyncIterator[Listener]:
    listening = Listener()
    runner = web.ServerRunner(web.Server(listening.take))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listening.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield listening
    finally:
        await runner.cleanup()


@asynccontextmanager
async def session_of(flexura: Installation) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {flexura.key}"}
    async with aiohttp.ClientSession(flexura.url, headers=headers) as session:
        yield session


async def ask(session: aiohttp.ClientSession, method: str, path: str, **body: object) -> Any:
    async with session.request(method, path, json=body or None) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json() if answer.status != 204 else None


async def test_a_job_that_ends_is_told_to_the_account_and_to_its_own_address(
    flexura: Installation, api: Client
) -> None:
    async with listener() as here, session_of(flexura) as session:
        account = await ask(session, "POST", "/api/webhooks", url=f"{here.url}/account")
        own = await ask(session, "POST", "/api/webhooks", scope="job")
        body = {"prompt": "a lighthouse", "client_ref": "order 7", "webhook_url": f"{here.url}/own"}
        job_id = (await ask(session, "POST", "/api/generate/image", **body))["job_id"]
        job = await api.finished(job_id)
        for path, secret in (("/account", account["secret"]), ("/own", own["secret"])):
            message = await here.told(path, secret, job_id)
            assert (message["type"], message["data"]["client_ref"]) == ("job.completed", "order 7")
            assert message["data"]["asset_url"] == job["asset_url"]
            feed = await ask(session, "GET", f"/api/jobs/{job_id}/events")
            assert (feed["events"][-1]["type"], feed["events"][-1]["data"]) == (message["type"], message["data"])
        one = f"/api/webhooks/{account['webhook_id']}"
        rotated = await ask(session, "POST", f"{one}/rotate")
        job_id = await api.submit("image", "after the rotation")
        for secret in (account["secret"], rotated["secret"]):
            await here.told("/account", secret, job_id)
        await ask(session, "POST", f"{one}/test")
        (newest, *_) = (await ask(session, "GET", f"{one}/deliveries"))["deliveries"]
        assert newest["type"] == "webhook.test"
        for webhook in (account, own):
            await ask(session, "DELETE", f"/api/webhooks/{webhook['webhook_id']}")


async def test_what_ends_while_the_sender_is_dead_is_told_when_it_is_back(flexura: Installation, api: Client) -> None:
    async with listener() as here, session_of(flexura) as session:
        webhook = await ask(session, "POST", "/api/webhooks", url=f"{here.url}/hook")
        flexura.send("webhooks", signal.SIGKILL)
        job_ids = [await api.submit("image", f"number {number}") for number in range(3)]
        await api.all_finished(job_ids, SECONDS)
        for job_id in job_ids:
            await here.told("/hook", webhook["secret"], job_id)
        await ask(session, "DELETE", f"/api/webhooks/{webhook['webhook_id']}")


async def test_an_address_inside_is_refused_but_for_what_the_operator_allows(flexura: Installation) -> None:
    async with session_of(flexura) as session:
        for url in ("http://[::1]/", "https://192.168.0.1/", "https://169.254.169.254/", "http://0.0.0.0/"):
            async with session.post("/api/webhooks", json={"url": url}) as answer:
                problem = await answer.json()
            assert (answer.status, [error["field"] for error in problem["errors"]]) == (400, ["url"])
