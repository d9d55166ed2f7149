"""What searches found, shared by replicas through a real broker."""

import random
import time

from integration.search.replicas import LONG, has, kept_by_another, material, shelves, within_tries
from servers.nats import NATSServer
from servers.waiting import eventually

from flexura_kit.bus import bus
from flexura_search.domain.materials import Reading, ReadMaterial, Unread
from flexura_search.domain.pages import Page
from flexura_search.kept.bucket import NAME, VALUE_BYTES_MAX
from flexura_search.kept.writing import pack


async def test_what_one_replica_keeps_another_finds_whole(shared_nats: NATSServer) -> None:
    name = await kept_by_another(shared_nats, material(), "key-1")
    async with shelves(shared_nats) as (replica, _):
        assert await replica.find("key-1") == (name, material())
        assert await replica.fetch(name) == material()
        assert await replica.find("another") is None


async def test_a_page_that_is_too_long_for_a_value_is_shared_in_pieces(shared_nats: NATSServer) -> None:
    digits = random.Random(7)  # noqa: S311 - a text that cannot be packed well, and no secret.
    long = material("".join(digits.choices("abcdefgh 水獭", k=3_000_000)), query="long")
    assert len(pack(long, 0.0).texts) > 1
    assert all(len(piece) <= VALUE_BYTES_MAX for piece in pack(long, 0.0).texts.values())
    name = await kept_by_another(shared_nats, long, "key-9")
    async with shelves(shared_nats) as (replica, bucket):
        assert await within_tries(lambda: replica.fetch(name)) == long
        await bucket.put(f"text.{next(iter(pack(long, 0.0).texts))}", b"another piece")
    async with shelves(shared_nats) as (replica, _):
        assert await replica.fetch(name) is None


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
