"""The feed of a whole installation: followed through the death of whoever serves it."""

import asyncio
import signal
from typing import Any

import aiohttp
from servers.client import Client
from servers.events import Stream, Told, stream
from servers.installation import Installation

SECONDS = 60
PAUSE_S = 0.2


async def pages_after(flexura: Installation, cursor: str) -> list[dict[str, Any]]:
    headers, events, has_more = {"Authorization": f"Bearer {flexura.key}"}, [], True
    async with aiohttp.ClientSession(flexura.url, headers=headers) as session:
        while has_more:
            async with session.get("/api/events", params={"cursor": cursor, "limit": "7"}) as answer:
                page = await answer.json()
                assert answer.status == 200, page
            events += page["events"]
            cursor, has_more = page["cursor"], page["has_more"]
    return events


async def followed(flexura: Installation, last_id: str, until: set[str]) -> list[Told]:
    """Follows from a place on until all these jobs have ended, and comes back whenever it is cut off."""
    told: list[Told] = []
    async with asyncio.timeout(SECONDS):
        while until:
            try:
                async with stream(flexura.url, flexura.key, last_id=last_id) as client:
                    assert client.response.status == 200
                    await follow(client, until, told)
            except (aiohttp.ClientError, AssertionError):
                await asyncio.sleep(PAUSE_S)
            last_id = told[-1].id if told else last_id
    return told


async def follow(client: Stream, until: set[str], told: list[Told]) -> None:
    while until and (block := await client.block()) is not None:
        if block.data is None:
            continue
        told.append(block)
        if block.event in {"job.completed", "job.failed"}:
            until.discard(block.data["data"]["job_id"])


async def test_a_client_that_follows_through_the_death_of_the_edge_and_of_jobs_is_told_everything_once(
    flexura: Installation, api: Client
) -> None:
    async with stream(flexura.url, flexura.key) as client:
        first = await client.block()
        assert first is not None
    slow = [await api.submit("image", f"slow {number}", payload_bytes=64, take_s=2.0) for number in range(2)]
    following = asyncio.create_task(followed(flexura, first.id, set(slow)))
    for part in ("edge", "jobs"):
        flexura.send(part, signal.SIGKILL)
        await asyncio.sleep(PAUSE_S)
    told = await following
    pages = await pages_after(flexura, first.id)
    assert [block.data | {"id": block.id} for block in told] == pages[: len(told)]
    for job_id in slow:
        job = await api.finished(job_id, SECONDS)
        own = [block.data["data"] for block in told if block.data["data"]["job_id"] == job_id]
        assert own[0]["status"] == "queued"
        assert own[-1]["asset"] == job["asset"]
        assert own[-1]["finished_at"] == job["finished_at"]


async def test_one_jobs_stream_ends_with_it_and_the_filter_says_the_same(flexura: Installation, api: Client) -> None:
    job_id = await api.submit("image", "followed alone", payload_bytes=64, take_s=0.5)
    await api.submit("image", "another one", payload_bytes=64)
    async with stream(flexura.url, flexura.key, f"/api/jobs/{job_id}/events") as client:
        told = await client.rest()
    assert [block.event for block in told] == ["job.queued", "job.processing", "job.completed"]
    async with stream(flexura.url, flexura.key, f"/api/events?job_id={job_id}", last_id=told[0].id) as again:
        assert [block.id for block in await again.rest()] == [block.id for block in told[1:]]
