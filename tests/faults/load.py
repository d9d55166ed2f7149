"""A bounded load of everything that clients do, each step of it written into the history."""

import asyncio
import hashlib
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from faults.history import Action, Content, History, JobView, Operation

ANSWER_TIMEOUT_S = 8.0
KEYED_TRIES_MAX = 8
KEYED_RETRY_S = 0.5
POLL_S = 0.6
SUBMIT_EVERY_S = (0.1, 0.7)
UNFINISHED_MAX = 24
LOOK_AGAIN_S = (1.0, 6.0)
WAIT_S = (0.5, 4.0)
KEYED_SHARE, WAIT_SHARE, CANCEL_SHARE, DELETE_SHARE, LOOK_AGAIN_SHARE = 0.3, 0.35, 0.08, 0.12, 0.3
LOOKS_AT_ONCE = 8


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]


class Caller:
    """One account's calls to the API, recorded."""

    def __init__(self, session: aiohttp.ClientSession, url: str, history: History) -> None:
        self._session = session
        self._url = url
        self._history = history
        self._names = itertools.count()

    async def submit(self, client: str, media_type: str, options: dict[str, Any], wait_s: float = 0.0) -> str | None:
        """Submits a job of the test card; answers its id where it was accepted."""
        return await self._submit(client, self._name(client), media_type, options, wait_s)

    async def submit_with_key(
        self, client: str, media_type: str, options: dict[str, Any], wait_s: float = 0.0
    ) -> str | None:
        """Sends it again under the same key until it was accepted, and once more after that: all that is one job."""
        name, accepted = self._name(client), None
        for _ in range(KEYED_TRIES_MAX):
            was_accepted = accepted is not None
            job_id = await self._submit(client, name, media_type, options, wait_s, {"Idempotency-Key": name})
            accepted = accepted or job_id
            if was_accepted:
                break
            await asyncio.sleep(KEYED_RETRY_S)
        return accepted

    async def _submit(
        self,
        client: str,
        name: str,
        media_type: str,
        options: dict[str, Any],
        wait_s: float,
        headers: dict[str, str] | None = None,
    ) -> str | None:
        body = {"prompt": name, "model": f"flexura-testcard-{media_type}", "options": options}
        began_s = self._history.now()
        answer = await self._json("POST", f"/api/generate/{media_type}", wait_s, json=body, headers=headers)
        job_id = str(answer.body.get("job_id", ""))
        # Where it was waited for to its end, the job itself is the answer.
        view = JobView.of(answer.body) if answer.status == 200 else None
        self._record(Action.SUBMIT, client, began_s, answer.status, job_id=job_id, view=view, key=name, wait_s=wait_s)
        return job_id if answer.status in {200, 202} else None

    def _name(self, client: str) -> str:
        return f"{client}-{next(self._names)}"

    async def webhook(self, url: str) -> str:
        """Has every end told there; answers the secret that signs."""
        answer = await self._json("POST", "/api/webhooks", json={"url": url})
        self._history.has_webhook = True
        return str(answer.body["secret"])

    async def read(self, client: str, job_id: str, wait_s: float = 0.0) -> JobView | None:
        began_s = self._history.now()
        answer = await self._json("GET", f"/api/jobs/{job_id}", wait_s)
        view = JobView.of(answer.body) if answer.status == 200 else None
        self._record(Action.READ, client, began_s, answer.status, job_id=job_id, view=view, wait_s=wait_s)
        return view

    async def fetch(self, client: str, job_id: str, url: str) -> None:
        """Fetches an asset by its link, without a key."""
        began_s, status, content = self._history.now(), 0, None
        try:
            async with self._session.get(url, headers={"Authorization": ""}) as answer:
                data = await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        if status == 200:
            content = Content(hashlib.sha256(data).hexdigest(), len(data))
        self._record(Action.FETCH, client, began_s, status, job_id=job_id, content=content)

    async def cancel(self, client: str, job_id: str) -> JobView | None:
        began_s = self._history.now()
        answer = await self._json("POST", f"/api/jobs/{job_id}/cancel")
        view = JobView.of(answer.body) if answer.status == 200 else None
        self._record(Action.CANCEL, client, began_s, answer.status, job_id=job_id, view=view)
        return view

    async def delete(self, client: str, job_id: str) -> None:
        began_s = self._history.now()
        answer = await self._json("DELETE", f"/api/jobs/{job_id}")
        self._record(Action.DELETE, client, began_s, answer.status, job_id=job_id)

    async def follow(
        self, client: str, job_id: str, within_s: float, poll_s: float = POLL_S, wait_s: float = 0.0
    ) -> JobView | None:
        """Asks until the job has ended, through whatever is down; None where it does not in time."""
        deadline_s = self._history.now() + within_s
        while self._history.now() < deadline_s:
            view = await self.read(client, job_id, wait_s)
            if view is not None and view.is_finished:
                return view
            await asyncio.sleep(poll_s)
        return None

    async def _json(self, method: str, path: str, wait_s: float = 0.0, **request: Any) -> Answer:
        if wait_s:
            path, request["timeout"] = f"{path}?wait={wait_s}", aiohttp.ClientTimeout(total=wait_s + ANSWER_TIMEOUT_S)
        try:
            async with self._session.request(method, self._url + path, **request) as answer:
                return Answer(answer.status, await answer.json(content_type=None) or {})
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return Answer(0, {})

    def _record(self, action: Action, client: str, began_s: float, status: int, **known: Any) -> None:
        self._history.operations.append(Operation(action, client, began_s, self._history.now(), status, **known))


class Load:
    """Submits without end, follows each job to its end, fetches what was made, and looks again later."""

    def __init__(self, caller: Caller, seed: int, patience_s: float) -> None:
        self._caller = caller
        self._draw = random.Random(seed)  # noqa: S311 - it is to be repeated, not to be secret.
        self._patience_s = patience_s
        self._unfinished = asyncio.Semaphore(UNFINISHED_MAX)
        self._stopping = asyncio.Event()
        self._finished: dict[str, JobView] = {}

    def stop(self) -> None:
        """Lets no further job be submitted; those that were are followed to their end."""
        self._stopping.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as lives:
            while not self._stopping.is_set():
                await self._unfinished.acquire()
                lives.create_task(self._life_of_a_job())
                await asyncio.sleep(self._draw.uniform(*SUBMIT_EVERY_S))

    async def look_at_everything(self) -> None:
        """Last of all: each job and each asset once more."""
        at_once = asyncio.Semaphore(LOOKS_AT_ONCE)

        async def look(job_id: str) -> None:
            async with at_once:
                await self._look("last look", job_id)

        async with asyncio.TaskGroup() as looks:
            for job_id in self._finished:
                looks.create_task(look(job_id))

    async def _life_of_a_job(self) -> None:
        is_keyed, waits, cancels, deletes, looks_again = (
            self._draw.random() < share
            for share in (KEYED_SHARE, WAIT_SHARE, CANCEL_SHARE, DELETE_SHARE, LOOK_AGAIN_SHARE)
        )
        submit = self._caller.submit_with_key if is_keyed else self._caller.submit
        later_s, wait_s = self._draw.uniform(*LOOK_AGAIN_S), round(self._draw.uniform(*WAIT_S), 1) if waits else 0.0
        try:
            job_id = await submit("load", *self._request(), wait_s)
            if cancels and job_id:
                await self._caller.cancel("load", job_id)
            view = await self._caller.follow("load", job_id, self._patience_s, wait_s=wait_s) if job_id else None
        finally:
            self._unfinished.release()
        if job_id is None or view is None:
            return
        self._finished[job_id] = view
        if view.url:
            await self._caller.fetch("load", job_id, view.url)
        if deletes:
            await self._caller.delete("load", job_id)
        if deletes or looks_again:
            await asyncio.sleep(later_s)
            await self._look("look again", job_id)

    async def _look(self, client: str, job_id: str) -> None:
        """Also at the link of what was deleted: it must be dead."""
        await self._caller.read(client, job_id)
        url = self._finished[job_id].url
        if url:
            await self._caller.fetch(client, job_id, url)

    def _request(self) -> tuple[str, dict[str, Any]]:
        draw = self._draw
        match draw.randrange(10):
            case 0:
                return "image", {"width": 64, "height": 64, "take_s": round(draw.uniform(0, 1), 2)}
            case 1:
                return "audio", {"duration_s": 0.5}
            case 2 | 3 | 4 | 5 | 6:
                return "image", {"payload_bytes": draw.randrange(1, 16_384), "take_s": round(draw.uniform(0.2, 1.5), 2)}
            case _:
                return draw.choice(["image", "audio"]), {"payload_bytes": draw.randrange(1, 16_384)}


@asynccontextmanager
async def caller(url: str, key: str, history: History) -> AsyncIterator[Caller]:
    timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
    headers = {"Authorization": f"Bearer {key}"}
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, connector=connector) as session:
        yield Caller(session, url, history)
