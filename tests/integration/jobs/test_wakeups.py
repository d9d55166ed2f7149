"""What jobs tells on core NATS after its commits, and that no commit waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import orjson
import pytest
from integration.jobs.peers import eventually
from integration.jobs.service import TIMEOUT_S, JobsDoor, jobs_service
from nats.aio.subscription import Subscription
from servers.nats import NATSServer

from flexura.jobs.v1 import jobs_service_pb2
from flexura_jobs.wakeups import CANCELED, REMOVED, UPDATED
from flexura_kit.settings import DatabaseSettings


class Listener:
    """Hears a subject as edges and workers do."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    async def heard(self, count: int) -> list[object]:
        """So many entries, in however many messages they come."""
        entries: list[object] = []
        async with asyncio.timeout(TIMEOUT_S):
            while len(entries) < count:
                message = await self._subscription.next_msg(TIMEOUT_S)
                assert len(message.data) <= 64 << 10
                entries += orjson.loads(message.data)
        return entries


@asynccontextmanager
async def listening(broker: NATSServer, subject: str) -> AsyncIterator[Listener]:
    client = await nats.connect(broker.url, user=broker.user, password=broker.password)
    try:
        subscription = await client.subscribe(subject)
        await client.flush()
        yield Listener(subscription)
    finally:
        await client.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> DatabaseSettings:
    return DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")


async def connected(door: JobsDoor) -> None:
    async def is_connected() -> bool:
        return bool((await door.announce()).consumers)

    await eventually(is_connected)


async def cancel(door: JobsDoor, job_id: str) -> None:
    await door.jobs.CancelJob(jobs_service_pb2.CancelJobRequest(account_id="alice", job_id=job_id), timeout=TIMEOUT_S)


async def test_every_change_of_a_state_is_told_with_its_account(
    sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path
) -> None:
    async with listening(own_nats, UPDATED) as updates, jobs_service(sqlite, own_nats, tmp_path) as door:
        await connected(door)
        (job_id,) = await door.created()
        assert await updates.heard(1) == [["alice", job_id, "queued"]]
        job = await door.claimed(job_id)
        assert await updates.heard(1) == [["alice", job_id, "processing"]]
        await door.complete(job)
        assert await updates.heard(1) == [["alice", job_id, "completed"]]


async def test_a_deletion_is_told_so_that_every_edge_forgets_the_job(
    sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path
) -> None:
    async with listening(own_nats, UPDATED) as updates, jobs_service(sqlite, own_nats, tmp_path) as door:
        await connected(door)
        (job_id,) = await door.created()
        await door.complete(await door.claimed(job_id))
        assert len(await updates.heard(3)) == 3
        request = jobs_service_pb2.DeleteJobRequest(account_id="alice", job_id=job_id)
        await door.jobs.DeleteJob(request, timeout=TIMEOUT_S)
        assert await updates.heard(1) == [["alice", job_id, REMOVED]]


async def test_many_changes_of_one_commit_are_told_in_few_messages_of_bounded_size(
    sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path
) -> None:
    account_id = "a" * 100
    async with listening(own_nats, UPDATED) as updates, jobs_service(sqlite, own_nats, tmp_path) as door:
        await connected(door)
        created = await asyncio.gather(*(door.created(account_id, count=256) for _ in range(4)))
        job_ids = [job_id for some in created for job_id in some]
        assert sorted(await updates.heard(1024)) == sorted([account_id, job_id, "queued"] for job_id in job_ids)


async def test_workers_are_told_of_cancelled_jobs_that_were_begun_and_of_no_others(
    sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path
) -> None:
    async with listening(own_nats, CANCELED) as canceled, jobs_service(sqlite, own_nats, tmp_path) as door:
        await connected(door)
        waiting, begun = await door.created(count=2)
        await door.claimed(begun)
        await cancel(door, waiting)
        await cancel(door, begun)
        assert await canceled.heard(1) == [begun]


async def test_commits_do_not_wait_for_a_broker_that_is_frozen(
    sqlite: DatabaseSettings, own_nats: NATSServer, tmp_path: Path
) -> None:
    async with jobs_service(sqlite, own_nats, tmp_path) as door:
        await connected(door)
        own_nats.process.pause()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                for _ in range(20):
                    await door.created(count=64)
        finally:
            own_nats.process.resume()
        async with listening(own_nats, UPDATED) as updates:

            async def is_told() -> bool:
                (job_id,) = await door.created("later")
                return ["later", job_id, "queued"] in await updates.heard(1)

            await eventually(is_told)
