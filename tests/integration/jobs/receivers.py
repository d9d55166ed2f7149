"""A receiver of webhooks with scripted answers, and a sender in this process over the stores of a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import web
from integration.jobs.peers import SQLStores, claim, completion, lease_of
from sqlalchemy import select, update

from flexura_jobs.domain.jobs import NewJob
from flexura_jobs.domain.webhooks import NewWebhook
from flexura_jobs.models import DELIVERIES
from flexura_jobs.store import SQLOutbox, SQLWebhookStore
from flexura_jobs.vault import Vault
from flexura_jobs.webhooks.deliverer import LEASE, Deliverer
from flexura_jobs.webhooks.post import http_post
from flexura_kit.clock import utc_now
from flexura_kit.egress import networks
from flexura_kit.ids import AccountId, DeliveryId, WebhookId, new_uuid7

LOOPBACK = networks("127.0.0.0/8")
KEY = bytes(range(32))
VAULT = Vault([KEY])
IN_FLIGHT_MAX = 64
PUBLIC_URL = "https://f.example"


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Answers each path with what is scripted for it, one after the other, then 200."""

    url: str = ""
    script: dict[str, list[web.Response | asyncio.Event]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(request.path, headers, await request.read()))
        scripted = self.script.get(request.path)
        answer = scripted.pop(0) if scripted else web.Response()
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            return web.Response()
        return answer

    def hold(self, path: str) -> asyncio.Event:
        """Has the next request to the path wait for its answer."""
        event = asyncio.Event()
        self.script.setdefault(path, []).append(event)
        return event

    def paths(self) -> list[str]:
        return [received.path for received in self.received]


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    listening = Receiver()
    runner = web.ServerRunner(web.Server(listening.answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    listening.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield listening
    finally:
        await runner.cleanup()


class Sending:
    """Webhooks, their messages and who sends them, with a hand on the clock of what is due."""

    def __init__(self, stores: SQLStores) -> None:
        self.stores = stores
        self.webhooks = SQLWebhookStore(stores.data, stores.writer)
        self.outbox = SQLOutbox(stores.data, stores.writer, LEASE)

    async def webhook(self, account_id: AccountId, url: str, secret: bytes = KEY) -> WebhookId:
        webhook_id = WebhookId(f"wh_{new_uuid7().replace('-', '')}")
        created = await self.webhooks.create(NewWebhook(webhook_id, account_id, url, VAULT.seal(secret, webhook_id)))
        assert not isinstance(created, str), created
        return webhook_id

    async def ended(self, *jobs: NewJob) -> None:
        """Has the jobs created and completed."""
        await self.stores.created(*jobs)
        for claimed in await self.stores.work.claim([claim(job) for job in jobs]):
            assert claimed is not None
            assert await self.stores.work.complete(completion(lease_of(claimed)))

    async def make_due(self, **also: int) -> None:
        """Turns the clock on to when every pending message is due, perhaps after further tries."""
        earlier = utc_now() - timedelta(seconds=1)
        turn = update(DELIVERIES).where(DELIVERIES.c.state == "pending").values(due_at=earlier, **also)
        await self.stores.data.write(lambda connection: connection.execute(turn))

    async def rows(self) -> list[dict[str, object]]:
        query = select(DELIVERIES).order_by(DELIVERIES.c.created_at, DELIVERIES.c.delivery_id)
        rows = await self.stores.data.read(lambda connection: connection.execute(query).mappings().all())
        return [dict(row) for row in rows]

    async def row(self) -> dict[str, object]:
        (row,) = await self.rows()
        return row

    @asynccontextmanager
    async def sender(self, *, timeout_s: float = 15) -> AsyncIterator[Deliverer]:
        async with http_post(LOOPBACK, IN_FLIGHT_MAX, timeout_s) as post:
            deliverer = Deliverer(self.outbox, post, VAULT, utc_now, PUBLIC_URL, IN_FLIGHT_MAX)
            running = asyncio.create_task(deliverer.run())
            try:
                yield deliverer
            finally:
                await deliverer.drain(5)
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running


def until(row: dict[str, object]) -> timedelta:
    """From the latest try to the next one."""
    due_at, attempted_at = row["due_at"], row["attempted_at"]
    assert isinstance(due_at, datetime)
    assert isinstance(attempted_at, datetime)
    return due_at.astimezone(UTC) - attempted_at.astimezone(UTC)


def delivery_id_of(row: dict[str, object]) -> DeliveryId:
    return DeliveryId(str(row["delivery_id"]))
