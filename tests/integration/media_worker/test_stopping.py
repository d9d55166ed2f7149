"""A worker that stops, against a real nats-server: nothing begins, and no hint waits for a worker that is gone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from integration.media_worker.peers import Plant, Timing, plant, until
from nats.js.api import ConsumerConfig, RetentionPolicy, StreamConfig
from servers.nats import NATSServer
from servers.s3 import S3Server
from servers.waiting import eventually
from unit.media_worker.fakes import LEASE, Generator, MemoryAssets, MemorySpool, ScriptedJobs

from flexura_kit.bus import Bus, bus
from flexura_media_worker.consumer.hints import Heartbeats
from flexura_media_worker.consumer.intake import Intake
from flexura_media_worker.domain import WorkSource
from flexura_media_worker.service.attempts import Attempts
from flexura_media_worker.service.capacity import Capacity, Slot
from flexura_media_worker.service.health import Health
from flexura_media_worker.service.leases import Leases
from flexura_media_worker.service.production import Production

STREAM = "STOPPING"
ACK_WAIT = timedelta(minutes=5)  # What waits for this fails its test.


class WatchedCapacity(Capacity):
    """Tells when somebody waits for a slot that is not free."""

    def __init__(self) -> None:
        super().__init__(1)
        self.is_asked = asyncio.Event()

    async def take(self, within_s: float) -> Slot | None:
        if self.busy:
            self.is_asked.set()
        return await super().take(within_s)


@dataclass
class Bench:
    """A worker's intake with one slot, on two consumers, with work that never ends by itself."""

    connection: Bus
    jobs: ScriptedJobs
    capacity: WatchedCapacity
    intake: Intake
    sources: list[WorkSource]

    async def hint(self, model: str) -> None:
        await self.connection.jetstream.publish(f"{STREAM}.{model}", LEASE.job_id.encode())

    async def delivered(self, model: str) -> int:
        return (await self.connection.jetstream.consumer_info(STREAM, model)).num_ack_pending or 0

    async def given_back(self, model: str, count: int) -> None:
        """Takes so many hints as the next worker would; fails where they are kept from it."""
        subscription = await self.connection.jetstream.pull_subscribe_bind(durable=model, stream=STREAM)
        for _ in range(count):
            (message,) = await subscription.fetch(1, timeout=10)
            await message.ack_sync()


@pytest_asyncio.fixture
async def bench(own_nats: NATSServer) -> AsyncIterator[Bench]:
    settings = own_nats.settings
    async with bus(settings, "worker") as connection:
        await eventually(lambda: connection.is_connected)
        stream = StreamConfig(name=STREAM, subjects=[f"{STREAM}.>"], retention=RetentionPolicy.WORK_QUEUE)
        await connection.jetstream.add_stream(stream)
        for model in ("one", "two"):
            consumer = ConsumerConfig(
                durable_name=model, filter_subject=f"{STREAM}.{model}", ack_wait=ACK_WAIT.total_seconds()
            )
            await connection.jetstream.add_consumer(STREAM, consumer)
        jobs, capacity, spool = ScriptedJobs(), WatchedCapacity(), MemorySpool()
        leases = Leases(jobs)
        health = Health(["flexura-testcard"])
        production = Production({"flexura-testcard": Generator("hang")}, spool, MemoryAssets(), 1, health)
        attempts = Attempts(jobs, leases, spool, production, health)
        intake = Intake(connection, capacity, leases, attempts, Heartbeats())
        sources = [WorkSource(STREAM, model, model, ACK_WAIT) for model in ("one", "two")]
        yield Bench(connection, jobs, capacity, intake, sources)
        await intake.stop()


async def test_a_hint_that_waits_for_a_slot_when_the_worker_stops_begins_no_attempt(bench: Bench) -> None:
    bench.intake.bind(bench.sources)
    await bench.hint("one")
    await eventually(lambda: bench.capacity.busy == 1)
    await bench.hint("two")
    await bench.capacity.is_asked.wait()
    await bench.intake.stop()

    assert bench.jobs.calls == ["claim", "release"]
    await bench.given_back("one", 1)
    await bench.given_back("two", 1)


async def test_what_was_delivered_behind_the_last_fetch_is_given_back(bench: Bench) -> None:
    slot = await bench.capacity.take(0)
    before = set(bench.connection.nats._subs)  # noqa: SLF001 - the client offers no other view of it.
    bench.intake.bind(bench.sources[:1])
    await eventually(lambda: set(bench.connection.nats._subs) != before)  # noqa: SLF001 - as above.
    (number,) = set(bench.connection.nats._subs) - before  # noqa: SLF001 - as above.
    inbox = bench.connection.nats._subs[number].subject  # noqa: SLF001 - as above.
    for _ in range(3):
        await bench.hint("one")
    # The puller has no slot and asks for nothing: this is a request that the server took its time to answer.
    await bench.connection.nats.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.one", b'{"batch": 3}', reply=inbox)

    async def are_delivered() -> bool:
        return await bench.delivered("one") == 3

    await eventually(are_delivered)
    await bench.intake.stop()

    assert slot is not None
    assert bench.jobs.calls == []
    await bench.given_back("one", 3)


async def test_a_worker_that_stops_amid_a_flood_leaves_every_job_to_the_next(
    tmp_path: Path, shared_nats: NATSServer, shared_s3: S3Server
) -> None:
    timing = Timing(lease_s=60, ack_wait_s=300)
    models = ("image", "video", "audio")
    async with plant(tmp_path, shared_nats, shared_s3, timing, models) as works:
        jobs = [await works.submit(models[n % 3], take_s=0.05, payload_bytes=10) for n in range(60)]
        for number in range(3):
            async with works.worker(f"stops-{number}") as worker:
                enough = 10 * (number + 1)
                await until(lambda: completed(works) >= enough, "some to complete")  # noqa: B023 - waited for at once.
                await worker.process.stop()
            assert {job.state for job in jobs} <= {"completed", "queued"}
        async with works.worker("last"):
            await until(lambda: completed(works) == len(jobs), "the last worker to complete the rest")


def completed(works: Plant) -> int:
    return sum(job.state == "completed" for job in works.peer.jobs.values())
