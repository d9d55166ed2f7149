"""NATS that takes no hints, or has no place for them, is noticed and said, and so is its recovery."""

import asyncio
from pathlib import Path

import nats.js.errors
import pytest
from integration.jobs.service import JobsDoor, is_provisioned, jobs_service, stream_of
from nats.js import JetStreamContext
from nats.js.api import StreamConfig
from servers.nats import NATSServer
from servers.waiting import eventually

from flexura_jobs.dispatch.stream import PUBLISH_TIMEOUT_S, REFUSED_S
from flexura_kit.settings import DatabaseSettings

STREAM = "FLEXURA_WORK"


def hints_of(door: JobsDoor) -> str:
    return door.impaired().get("hints", "")


async def resized(jetstream: JetStreamContext, max_msgs: int) -> None:
    """As if its disk were full, or had room again: the server refuses what is published, or takes it."""
    config = (await jetstream.stream_info(STREAM)).config
    config.max_msgs = max_msgs
    await jetstream.update_stream(config)


async def test_nats_that_does_not_answer_is_no_refusal_and_lacks_no_stream(
    tmp_path: Path, own_nats: NATSServer
) -> None:
    data = DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")
    said: list[dict[str, str]] = []

    def seen(door: JobsDoor, state: bool) -> bool:
        said.append(door.impaired())
        return ("nats" in said[-1]) is state

    async with jobs_service(data, own_nats, tmp_path) as door, stream_of(own_nats) as jetstream:
        await eventually(lambda: is_provisioned(jetstream), within_s=30)
        own_nats.process.pause()
        try:
            await door.created(count=3)
            await eventually(lambda: seen(door, state=True), within_s=30)
            # Longer than refusals last until they are said.
            until = asyncio.get_running_loop().time() + REFUSED_S + 2 * PUBLISH_TIMEOUT_S
            await eventually(
                lambda: not seen(door, state=True) or asyncio.get_running_loop().time() > until, within_s=30
            )
            assert "does not answer" in said[-1]["nats"]
        finally:
            own_nats.process.resume()
        await eventually(lambda: seen(door, state=False), within_s=60)
    assert not [one for one in said if "hints" in one]


@pytest.mark.heavy
async def test_hints_that_are_refused_are_said_until_one_is_taken(tmp_path: Path, own_nats: NATSServer) -> None:
    data = DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")
    async with jobs_service(data, own_nats, tmp_path) as door, stream_of(own_nats) as jetstream:
        await eventually(lambda: is_provisioned(jetstream), within_s=30)
        await resized(jetstream, 1)
        await door.created(count=3)
        await eventually(lambda: "NATS takes no hints, so queued jobs wait: " in hints_of(door), within_s=30)
        assert "restart nats-server" in hints_of(door)
        assert "disk" not in hints_of(door)
        assert door.unready() == {}
        await resized(jetstream, 1000)
        await eventually(lambda: hints_of(door) == "", within_s=60)


@pytest.mark.heavy
async def test_stream_that_cannot_be_made_is_named_until_it_can(tmp_path: Path, own_nats: NATSServer) -> None:
    data = DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")
    async with jobs_service(data, own_nats, tmp_path) as door, stream_of(own_nats) as jetstream:
        await eventually(lambda: is_provisioned(jetstream), within_s=30)
        # In its place stands another one that holds its subjects.
        await jetstream.delete_stream(STREAM)
        while True:
            try:
                await jetstream.add_stream(StreamConfig(name="OTHER", subjects=["work.>"]))
                break
            except nats.js.errors.BadRequestError:
                await jetstream.delete_stream(STREAM)
        await door.created()
        await eventually(lambda: f"NATS has no stream {STREAM}, and it cannot be made" in hints_of(door), within_s=60)
        await jetstream.delete_stream("OTHER")
        await eventually(lambda: hints_of(door) == "", within_s=60)
