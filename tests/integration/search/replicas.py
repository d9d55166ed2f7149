"""Replicas of search that share a bucket, and materials for them to keep."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from servers.nats import NATSServer
from servers.waiting import eventually

from flexura_kit.bus import bus
from flexura_search.domain.findings import EngineStatus, EngineTrace
from flexura_search.domain.fusion import Found, Source
from flexura_search.domain.materials import Material, Result, SearchMaterial, Unread
from flexura_search.domain.pages import Page, Passage
from flexura_search.kept import Bucket, MemoryShelf, SharedShelf, Shelves

LONG = "".join(f"Sentence {number} of a long page about rivers. " for number in range(70_000))


def material(text: str = LONG, query: str = "otters") -> SearchMaterial:
    found = Found(
        title="Otters",
        url="https://otters.example/",
        snippet="They swim.",
        published_at=datetime(2026, 3, 5, 10, 30, tzinfo=UTC),
        author="A. Lutra",
        favicon="",
        image="",
        score=0.75,
        sources=(Source("brave", 1),),
    )
    page = Page(found.url, found.url, "text/html", text, highlights=(Passage(text[:20], 0, 1.0),))
    unread = Result(replace(found, url="https://gone.example/"), unread=Unread("not_found", "page_not_found", "gone"))
    trace = EngineTrace("brave", EngineStatus.OK, 312, 2)
    return SearchMaterial((query,), (Result(found, page), unread), (), (trace,), is_degraded=False)


@asynccontextmanager
async def shelves(server: NATSServer, clock: float | None = None) -> AsyncIterator[tuple[Shelves, Bucket]]:
    """A replica: its own memory, and the bucket."""
    async with bus(server.settings, "search-test") as connection:
        bucket = Bucket(connection, 64 << 20, 1)
        running = asyncio.create_task(bucket.run())
        await eventually(lambda: bucket.is_open, within_s=10)
        shared = SharedShelf(bucket) if clock is None else SharedShelf(bucket, lambda: clock)
        replica = Shelves(MemoryShelf(), shared)
        try:
            yield replica, bucket
        finally:
            await replica.aclose()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def has(bucket: Bucket, key: str) -> Callable[[], Awaitable[bool]]:
    async def looked() -> bool:
        return await bucket.get(key) is not None

    return looked


async def kept_by_another(server: NATSServer, what: Material, key: str, found_s: float = 60.0) -> str:
    async with shelves(server) as (replica, bucket):
        name = await replica.keep(what, 600.0, key, found_s)
        await eventually(has(bucket, f"order.{key}"), within_s=5)
        return name


async def within_tries(fetch: Callable[[], Awaitable[Material | None]]) -> Material | None:
    """A busy machine may need longer for a long page than a search waits."""
    for _ in range(20):
        if (found := await fetch()) is not None:
            return found
    return None
