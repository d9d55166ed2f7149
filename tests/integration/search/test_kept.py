"""What searches found, shared by replicas through a real broker; whatever is wrong with it only costs time."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from servers.nats import NATSServer, nats_server
from servers.waiting import eventually

from flexura_kit.bus import bus
from flexura_search.domain.findings import EngineStatus, EngineTrace
from flexura_search.domain.fusion import Found, Source
from flexura_search.domain.materials import Material, Reading, ReadMaterial, Result, SearchMaterial, Unread
from flexura_search.domain.pages import Page, Passage
from flexura_search.kept import Bucket, MemoryShelf, SharedShelf, Shelves
from flexura_search.kept.bucket import NAME, VALUE_BYTES_MAX
from flexura_search.kept.writing import pack

LONG = "".join(f"Sentence {number} of a long page about rivers. " for number in range(70_000))
QUICK_S = 0.5


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


async def test_what_one_replica_keeps_another_finds_whole(shared_nats: NATSServer) -> None:
    name = await kept_by_another(shared_nats, material(), "key-1")
    async with shelves(shared_nats) as (replica, _):
        assert await replica.find("key-1") == (name, material())
        assert await replica.fetch(name) == material()
        assert await replica.find("another") is None


async def test_pages_that_were_named_are_shared_too(shared_nats: NATSServer) -> None:
    page = Page("https://a.example/", "https://a.example/", "text/plain", LONG)
    read = ReadMaterial(
        (Reading(page.url, page), Reading("https://b.example/", unread=Unread("busy", "overloaded", "x")))
    )
    async with shelves(shared_nats) as (replica, bucket):
        name = await replica.keep(read, 600.0)
        await eventually(has(bucket, f"material.{name}"), within_s=5)
    async with shelves(shared_nats) as (other, _):
        assert await other.fetch(name) == read


async def test_values_are_small_and_the_settings_of_the_bucket_took_effect(shared_nats: NATSServer) -> None:
    await kept_by_another(shared_nats, material(), "key-2")
    async with bus(shared_nats.settings, "search-look") as connection:
        await eventually(lambda: connection.is_connected, within_s=5)
        values = await connection.jetstream.key_value(NAME)
        for key in await values.keys():
            entry = await values.get(key)
            assert len(entry.value) <= VALUE_BYTES_MAX
            assert b"Sentence 1 of" not in entry.value or key.startswith("text.")
        config = (await connection.jetstream.stream_info(f"KV_{NAME}")).config
    assert (config.max_age, config.max_bytes, config.max_msgs_per_subject) == (7200.0, 64 << 20, 1)
    assert (config.discard, config.allow_direct) == ("old", True)


async def test_what_has_had_its_time_is_not_found(shared_nats: NATSServer) -> None:
    name = await kept_by_another(shared_nats, material(query="old"), "key-3", found_s=10.0)
    async with shelves(shared_nats, time.time() + 11) as (replica, _):
        assert await replica.find("key-3") is None
        assert await replica.fetch(name) == material(query="old")
    async with shelves(shared_nats, time.time() + 601) as (replica, _):
        assert await replica.fetch(name) is None


@pytest.mark.parametrize("broken", [b"", b"{}", b"\xff\xfe", b'{"version":1}', b"x" * 1000])
async def test_what_is_broken_is_not_there(shared_nats: NATSServer, broken: bytes) -> None:
    name = await kept_by_another(shared_nats, material(query="broken"), "key-4")
    async with shelves(shared_nats) as (replica, bucket):
        await bucket.put(f"material.{name}", broken)
        assert await replica.find("key-4") is None
        await bucket.put("order.key-4", broken)
        assert await replica.find("key-4") is None


async def test_a_text_that_is_gone_takes_the_material_along(shared_nats: NATSServer) -> None:
    name = await kept_by_another(shared_nats, material(query="torn"), "key-5")
    async with shelves(shared_nats) as (replica, bucket):
        (text,) = pack(material(query="torn"), 0.0).texts
        await bucket.put(f"text.{text}", b"another text")
        assert await replica.fetch(name) is None


async def test_a_broker_that_is_away_costs_next_to_no_time(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server, shelves(server) as (replica, bucket):
        name = await replica.keep(material(), 600.0, "key-6", 60.0)
        await server.process.stop()
        began = time.monotonic()
        assert await replica.find("key-6") == (name, material())
        assert await replica.find("other") is None
        assert await replica.fetch("other") is None
        await replica.keep(material(query="meanwhile"), 600.0, "key-7", 60.0)
        assert time.monotonic() - began < QUICK_S
        await server.process.start()
        await eventually(lambda: bucket.is_open, within_s=15)
        await replica.keep(material(query="back"), 600.0, "key-8", 60.0)
        await eventually(has(bucket, "order.key-8"), within_s=15)
