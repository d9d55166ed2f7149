"""Dispatch and reconciling against a real nats-server: hints come, come again when lost, and nothing waits for NATS."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nats.js.errors
import pytest
import pytest_asyncio
import servers.waiting
from integration.jobs.peers import eventually
from integration.jobs.service import CARD, STREAM, JobsDoor, hints, jobs_service, stream_of
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from servers.nats import NATSServer
from structlog.testing import capture_logs

from flexura.jobs.v1 import job_pb2, worker_service_pb2
from flexura_kit.settings import DatabaseSettings

CONSUMER = f"media-worker-{CARD}"


@pytest_asyncio.fixture
async def sqlite(tmp_path: Path) -> DatabaseSettings:
    return DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")


@pytest_asyncio.fixture
async def door(sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path) -> AsyncIterator[JobsDoor]:
    async with jobs_service(sqlite, own_nats, tmp_path) as running:
        await provisioned(running)
        yield running


@pytest_asyncio.fixture
async def jetstream(own_nats: NATSServer) -> AsyncIterator[JetStreamContext]:
    async with stream_of(own_nats) as opened:
        yield opened


async def provisioned(door: JobsDoor, *, slots: int = 2) -> None:
    async def are_there() -> bool:
        return len((await door.announce(slots)).consumers) == 3

    await eventually(are_there)


async def waiting_hints(jetstream: JetStreamContext) -> int:
    try:
        return (await jetstream.consumer_info(STREAM, CONSUMER)).num_pending or 0
    except nats.js.errors.NotFoundError:
        return 0


async def finish_all(door: JobsDoor, jetstream: JetStreamContext, job_ids: list[str]) -> None:
    """Works through the hints until every job is completed, as one worker would."""
    left = set(job_ids)
    while left:
        for job_id in await hints(jetstream, 1):
            (result,) = await door.claim(job_id)
            if result.HasField("claimed_job"):
                await door.complete(result.claimed_job)
                left.discard(job_id)


@pytest.mark.usefixtures("door")
async def test_the_stream_and_its_consumers_are_as_declared(jetstream: JetStreamContext) -> None:
    stream = (await jetstream.stream_info(STREAM)).config
    assert (stream.subjects, stream.retention) == (["work.>"], RetentionPolicy.WORK_QUEUE)
    assert (stream.discard, stream.storage) == (DiscardPolicy.NEW, StorageType.FILE)
    assert (stream.duplicate_window, stream.max_msgs, stream.max_bytes) == (120, 1_000_000, 512 << 20)
    consumer = (await jetstream.consumer_info(STREAM, CONSUMER)).config
    assert (consumer.ack_wait, consumer.max_deliver, consumer.backoff) == (30, -1, None)
    assert (consumer.filter_subject, consumer.max_ack_pending) == (f"work.image.{CARD}", 20_000)


async def test_a_stream_that_cannot_be_changed_makes_jobs_unready_until_it_is_gone(
    sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path, jetstream: JetStreamContext
) -> None:
    await jetstream.add_stream(StreamConfig(name=STREAM, subjects=["work.>"], retention=RetentionPolicy.LIMITS))
    with capture_logs() as lines:
        async with jobs_service(sqlite, own_nats, tmp_path) as door:
            await servers.waiting.eventually(lambda: "stream" in door.unready())
            assert door.unready()["stream"].startswith(
                "stream FLEXURA_WORK is not as declared: retention is limits where workqueue is wanted; "
            )
            assert lines_of(lines, "setting_drifted", field="retention")[0] == {
                "event": "setting_drifted",
                "log_level": "error",
                "what": "stream FLEXURA_WORK",
                "field": "retention",
                "wanted": "workqueue",
                "found": "limits",
                "mended": False,
            }
            (job_id,) = await door.created()
            await jetstream.delete_stream(STREAM)
            await servers.waiting.eventually(lambda: not door.unready(), within_s=30)
            assert await hints(jetstream, 1) == [job_id]


async def test_a_setting_that_another_hand_changed_is_put_right_and_named(
    sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path, jetstream: JetStreamContext
) -> None:
    async with jobs_service(sqlite, own_nats, tmp_path, "before") as door:
        await provisioned(door)
    config = (await jetstream.consumer_info(STREAM, CONSUMER)).config
    await jetstream.add_consumer(STREAM, config.evolve(ack_wait=7))
    with capture_logs() as lines:
        async with jobs_service(sqlite, own_nats, tmp_path, "after") as door:
            await provisioned(door)
            assert door.unready() == {}
    assert (await jetstream.consumer_info(STREAM, CONSUMER)).config.ack_wait == 30
    (line,) = lines_of(lines, "setting_drifted")
    assert (line["what"], line["field"], line["mended"]) == (f"consumer {STREAM}/{CONSUMER}", "ack_wait", True)
    assert (line["wanted"], line["found"]) == (30, 7)


async def test_a_full_stream_costs_no_job_and_is_used_again_once_there_is_room(
    door: JobsDoor, jetstream: JetStreamContext
) -> None:
    config = (await jetstream.stream_info(STREAM)).config
    await jetstream.update_stream(config.evolve(max_msgs=1))
    with capture_logs() as lines:
        job_ids = await door.created(count=6)
        await finish_all(door, jetstream, job_ids)
    assert lines_of(lines, "hint_not_sent")
    assert {(await door.get(job_id)).state for job_id in job_ids} == {job_pb2.JOB_STATE_COMPLETED}


def lines_of(lines: list[Any], event: str, **fields: object) -> list[Any]:
    return [line for line in lines if line.items() >= {"event": event, **fields}.items()]


async def test_a_hint_carries_the_job_and_its_number(door: JobsDoor, jetstream: JetStreamContext) -> None:
    (job_id,) = await door.created()
    subscription = await jetstream.pull_subscribe_bind(durable=CONSUMER, stream=STREAM)
    (message,) = await subscription.fetch(1, timeout=5)
    assert (message.subject, message.data.decode()) == (f"work.image.{CARD}", job_id)
    assert message.headers is not None
    assert message.headers["Nats-Msg-Id"] == f"{job_id}.1"


async def test_a_hint_comes_without_waiting_for_a_poll(door: JobsDoor, jetstream: JetStreamContext) -> None:
    subscription = await jetstream.pull_subscribe_bind(durable=CONSUMER, stream=STREAM)
    waits = []
    for _ in range(10):
        began = asyncio.get_running_loop().time()
        (job_id,) = await door.created()
        (message,) = await subscription.fetch(1, timeout=5)
        await door.complete(await door.claimed(job_id))
        waits.append(asyncio.get_running_loop().time() - began)
        await message.ack_sync()
    # Far below the one second of the poll, even on a busy machine.
    assert sorted(waits)[5] < 0.5


async def test_without_any_worker_a_few_hints_wait(
    sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path, jetstream: JetStreamContext
) -> None:
    async with jobs_service(sqlite, own_nats, tmp_path) as door:
        await door.created(count=20)

        async def are_four() -> bool:
            return await waiting_hints(jetstream) == 4

        await eventually(are_four)
        await asyncio.sleep(1.5)
        assert await waiting_hints(jetstream) == 4


async def test_hints_follow_the_slots_and_claims_make_room(door: JobsDoor, jetstream: JetStreamContext) -> None:
    await provisioned(door, slots=6)
    await asyncio.sleep(1.1)
    job_ids = await door.created(count=30)

    async def are_ten() -> bool:
        return await waiting_hints(jetstream) == 10

    await eventually(are_ten)
    await finish_all(door, jetstream, job_ids)


async def test_a_quiet_account_is_served_beside_a_noisy_one(door: JobsDoor, jetstream: JetStreamContext) -> None:
    noisy = await door.created("noisy", 50)
    (quiet,) = await door.created("quiet")
    served: list[str] = []
    while quiet not in served:
        for job_id in await hints(jetstream, 1):
            served.append(job_id)
            await door.complete(await door.claimed(job_id))
    assert len(served) <= 10
    assert set(served) - {quiet} <= set(noisy)


async def test_a_released_job_is_hinted_again_with_the_next_number(door: JobsDoor, jetstream: JetStreamContext) -> None:
    (job_id,) = await door.created()
    assert await hints(jetstream, 1) == [job_id]
    work = await door.claimed(job_id)
    request = worker_service_pb2.ReleaseJobRequest(job_id=job_id, lease_token=work.lease_token)
    await door.work.ReleaseJob(request, timeout=5)
    assert await hints(jetstream, 1) == [job_id]


async def test_a_job_whose_worker_vanished_is_hinted_again(
    sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path, jetstream: JetStreamContext
) -> None:
    async with jobs_service(sqlite, own_nats, tmp_path, lease_s=1.0) as door:
        await provisioned(door)
        (job_id,) = await door.created()
        assert await hints(jetstream, 1) == [job_id]
        await door.claimed(job_id)
        assert await hints(jetstream, 1) == [job_id]
        work = await door.claimed(job_id)
        assert work.attempt == 2
        await door.complete(work)


async def test_jobs_are_accepted_without_a_broker_and_dispatched_when_it_comes(
    sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path
) -> None:
    await own_nats.process.kill()
    async with jobs_service(sqlite, own_nats, tmp_path) as door:
        job_ids = await door.created(count=3)
        assert (await door.get(job_ids[0])).state == job_pb2.JOB_STATE_QUEUED
        assert list((await door.announce()).consumers) == []
        await own_nats.process.start()
        await provisioned(door)
        async with stream_of(own_nats) as jetstream:
            assert sorted(await hints(jetstream, 3)) == sorted(job_ids)


async def test_a_broker_that_dies_and_returns_loses_no_job(
    door: JobsDoor, own_nats: NATSServer, jetstream: JetStreamContext
) -> None:
    before = await door.created(count=3)
    await own_nats.process.kill()
    after = await door.created(count=10)
    await own_nats.process.start()
    await finish_all(door, jetstream, before + after)


async def test_a_deleted_stream_with_200_queued_jobs_heals_itself(door: JobsDoor, jetstream: JetStreamContext) -> None:
    began = asyncio.get_running_loop().time()
    job_ids = await door.created(count=200)

    async def are_hinted() -> bool:
        return await waiting_hints(jetstream) >= 4

    await eventually(are_hinted)
    await jetstream.delete_stream(STREAM)

    async def is_back() -> bool:
        return await waiting_hints(jetstream) >= 4

    await eventually(is_back, within_s=60)
    await finish_all(door, jetstream, job_ids)
    assert asyncio.get_running_loop().time() - began < 90


async def test_purged_hints_are_sent_again(door: JobsDoor, jetstream: JetStreamContext) -> None:
    job_ids = await door.created(count=2)

    async def are_hinted() -> bool:
        return await waiting_hints(jetstream) == 2

    await eventually(are_hinted)
    await jetstream.purge_stream(STREAM)
    assert sorted(await hints(jetstream, 2)) == sorted(job_ids)


async def test_another_replica_takes_over_within_ten_seconds_and_passes_rings_on(
    database_settings: DatabaseSettings, own_nats: NATSServer, tmp_path: Path, jetstream: JetStreamContext
) -> None:
    async with jobs_service(database_settings, own_nats, tmp_path, "one") as one:
        await provisioned(one)
        async with jobs_service(database_settings, own_nats, tmp_path, "two") as two:
            began = asyncio.get_running_loop().time()
            (job_id,) = await two.created()
            assert await hints(jetstream, 1) == [job_id]
            assert asyncio.get_running_loop().time() - began < 5
            await two.complete(await two.claimed(job_id))
            one.stop.set()
            (job_id,) = await two.created()
            began = asyncio.get_running_loop().time()
            assert await hints(jetstream, 1) == [job_id]
            assert asyncio.get_running_loop().time() - began < 10
