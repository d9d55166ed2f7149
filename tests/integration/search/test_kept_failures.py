"""Whatever is wrong with what replicas share only costs time: values, the bucket, the broker."""

import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from integration.search.replicas import has, kept_by_another, material, shelves, within_tries
from servers.nats import NATSServer, nats_server
from servers.waiting import eventually

from flexura_kit.bus import bus
from flexura_search.kept import Bucket, MemoryShelf, SharedShelf, Shelves
from flexura_search.kept.bucket import NAME
from flexura_search.kept.writing import VERSION, pack

QUICK_S = 0.5


@pytest.mark.parametrize("broken", [b"", b"{}", b"\xff\xfe", b'{"version":1}', b"x" * 1000])
async def test_what_is_broken_is_not_there(shared_nats: NATSServer, broken: bytes) -> None:
    name = await kept_by_another(shared_nats, material(query="broken"), "key-4")
    async with shelves(shared_nats) as (replica, bucket):
        await bucket.put(f"material.{name}", broken)
        assert await replica.find("key-4") is None
        await bucket.put("order.key-4", broken)
        assert await replica.find("key-4") is None


@pytest.mark.parametrize("name", ["", "a b", "*", ">", "..", "x" * 5000, "\r\nPUB x 0\r\n", "F" * 40, "水" * 40])
async def test_a_name_that_is_none_is_not_asked_for(shared_nats: NATSServer, name: str) -> None:
    async with shelves(shared_nats) as (replica, bucket):
        pointer = {"version": VERSION, "expires_at": time.time() + 60, "name": name}
        await bucket.put("order.key-10", json.dumps(pointer).encode())
        assert await replica.find("key-10") is None
        # The connection has borne it: too long a subject would have ended it.
        assert await bucket.put("order.key-11", b"x")
        assert await bucket.get("order.key-11") == b"x"


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


async def test_a_bucket_that_is_emptied_or_gone_is_an_empty_one_and_comes_back(own_nats: NATSServer) -> None:
    async with shelves(own_nats) as (_, bucket), bus(own_nats.settings, "search-away") as connection:
        shared, stream = SharedShelf(bucket), f"KV_{NAME}"
        name = await kept_by_another(own_nats, material(), "key-12")
        await connection.jetstream.purge_stream(stream)
        assert (await shared.find("key-12"), await shared.fetch(name)) == (None, None)
        await connection.jetstream.delete_stream(stream)
        began = time.monotonic()
        assert (await shared.find("key-12"), await shared.fetch(name)) == (None, None)
        await shared.keep(name, material(), 600.0, "key-12", 60.0)
        assert time.monotonic() - began < QUICK_S
        await eventually(written_to(bucket), within_s=10)
        await shared.keep(name, material(), 600.0, "key-12", 60.0)
        assert (await connection.jetstream.stream_info(stream)).config.max_age == 7200.0
        assert await within_tries(lambda: replica_of(bucket).fetch(name)) == material()


def written_to(bucket: Bucket) -> Callable[[], Awaitable[bool]]:
    return lambda: bucket.put("order.any", b"x")


def replica_of(bucket: Bucket) -> Shelves:
    return Shelves(MemoryShelf(), SharedShelf(bucket))


async def test_a_broker_that_hangs_is_not_waited_for(own_nats: NATSServer) -> None:
    async with shelves(own_nats) as (replica, bucket):
        own_nats.process.pause()
        began = time.monotonic()
        try:
            assert await replica.find("key-13") is None
            name = await replica.keep(material(), 600.0, "key-13", 60.0)
            assert await replica.find("key-13") == (name, material())
            assert time.monotonic() - began < QUICK_S
        finally:
            own_nats.process.resume()
        await eventually(written_to(bucket), within_s=15)


async def test_more_writes_than_the_broker_takes_are_left_undone(own_nats: NATSServer) -> None:
    async with shelves(own_nats) as (replica, _):
        own_nats.process.pause()
        try:
            names = []
            for number in range(200):
                small = material("Short.", f"otters {number}")
                names.append(await replica.keep(small, 600.0, f"many-{number}", 60.0))
            for number, name in enumerate(names):
                assert (await replica.find(f"many-{number}") or ("",))[0] == name
        finally:
            own_nats.process.resume()
