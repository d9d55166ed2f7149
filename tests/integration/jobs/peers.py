"""What stands around the jobs service in its tests: stores, new jobs, and short ways to move them."""

import asyncio
import contextlib
import itertools
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import TypeVar

from simulator.database import Database
from simulator.removal import SimulatedLeftoverStore, SimulatedRemovalStore
from simulator.stores import SimulatedJobStore, SimulatedQueueStore, SimulatedWorkStore, Terms, at_once
from sqlalchemy import Connection, select

from flexura_jobs.domain.acceptance import QueueLimits
from flexura_jobs.domain.attempts import AttemptPolicy
from flexura_jobs.domain.jobs import (
    Asset,
    Claim,
    ClaimedJob,
    CompletionReport,
    Failure,
    FailureReport,
    Job,
    JobState,
    Lease,
    MediaType,
    NewJob,
    StoredAsset,
)
from flexura_jobs.domain.retention import Retention
from flexura_jobs.models import EVENTS
from flexura_jobs.ports import JobStore, LeftoverStore, QueueStore, RemovalStore, WorkStore
from flexura_jobs.store import (
    QueueRoom,
    SQLJobStore,
    SQLLeftoverStore,
    SQLQueueStore,
    SQLRemovalStore,
    SQLWorkStore,
    Writer,
)
from flexura_kit.db import Transactions
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, JobId, LeaseToken, WorkerId, new_uuid7

T = TypeVar("T")

LEASE = timedelta(seconds=15)
HOUR = timedelta(hours=1)
ASSET = Asset("png", "image/png", 5, "ab" * 32, 64, 64, 0.0)
STORED = StoredAsset("jobs/1/1.png", ASSET)
ALICE, BOB = AccountId("alice"), AccountId("bob")
WORKER = WorkerId("worker-1")

MODELS = ["painter", "billed"]
POLICY = AttemptPolicy(attempts_max=3, billed_models=frozenset({"billed"}))

NO_LIMITS = QueueLimits(10**6, 10**6)

tokens = (LeaseToken(f"token-{number}") for number in itertools.count())


class Stores(ABC):
    """All stores of one process, over one database, whatever that is."""

    jobs: JobStore
    work: WorkStore
    queue: QueueStore

    @abstractmethod
    def leasing_for(self, lease: timedelta) -> WorkStore: ...

    @abstractmethod
    def forgetting_after(self, silence: timedelta) -> QueueStore: ...

    @abstractmethod
    def removals(self, retention: Retention) -> RemovalStore: ...

    @abstractmethod
    def leftovers(self, settling: timedelta) -> LeftoverStore: ...

    @abstractmethod
    def another_replica(self) -> AbstractAsyncContextManager["Stores"]:
        """The stores of a second process over the same database."""

    @abstractmethod
    async def events(self, account_id: AccountId) -> list[tuple[int, JobId, str]]: ...

    async def job(self, new: NewJob) -> Job:
        return (await self.jobs.get([new.job_id]))[new.job_id]

    async def created(self, *news: NewJob) -> None:
        assert None not in await self.jobs.create(news)

    async def claimed(self, new: NewJob) -> Lease:
        (job,) = await self.work.claim([claim(new)])
        assert job is not None
        return lease_of(job)


class SQLStores(Stores):
    def __init__(self, data: Transactions) -> None:
        self.data = data
        self.writer = Writer(data)
        self.jobs = self.limited_to(NO_LIMITS)
        self.work = self.leasing_for(LEASE)
        self.queue = self.forgetting_after(HOUR)

    def limited_to(self, limits: QueueLimits) -> SQLJobStore:
        return SQLJobStore(self.data, self.writer, QueueRoom(self.data.dialect, limits, MODELS))

    def leasing_for(self, lease: timedelta) -> SQLWorkStore:
        return SQLWorkStore(self.data, self.writer, POLICY, lease, MODELS)

    def forgetting_after(self, silence: timedelta) -> SQLQueueStore:
        return SQLQueueStore(self.data, self.writer, POLICY, silence)

    def removals(self, retention: Retention) -> SQLRemovalStore:
        return SQLRemovalStore(self.data.dialect, self.writer, retention)

    def leftovers(self, settling: timedelta) -> SQLLeftoverStore:
        return SQLLeftoverStore(self.data, self.writer, settling)

    def another_replica(self) -> AbstractAsyncContextManager[Stores]:
        return running(SQLStores(self.data))

    async def events(self, account_id: AccountId) -> list[tuple[int, JobId, str]]:
        query = (
            select(EVENTS.c.sequence, EVENTS.c.job_id, EVENTS.c.state)
            .where(EVENTS.c.account_id == account_id)
            .order_by(EVENTS.c.sequence)
        )
        return [tuple(row) for row in await self.data.read(lambda connection: connection.execute(query).all())]


class SimulatedStores(Stores):
    """The stores that the simulator runs on: they stand in for the others only as long as they pass the same cases."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.jobs = SimulatedJobStore(database, at_once)
        self.work = self.leasing_for(LEASE)
        self.queue = self.forgetting_after(HOUR)

    def leasing_for(self, lease: timedelta) -> SimulatedWorkStore:
        return SimulatedWorkStore(self._database, at_once, Terms(POLICY, lease, MODELS, HOUR))

    def forgetting_after(self, silence: timedelta) -> SimulatedQueueStore:
        return SimulatedQueueStore(self._database, at_once, Terms(POLICY, LEASE, MODELS, silence))

    def removals(self, _retention: Retention) -> RemovalStore:
        """Only what owners remove: of what time removes, the simulator knows nothing."""
        return SimulatedRemovalStore(self._database, at_once)  # type: ignore[return-value]

    def leftovers(self, settling: timedelta) -> SimulatedLeftoverStore:
        return SimulatedLeftoverStore(self._database, at_once, settling)

    def another_replica(self) -> AbstractAsyncContextManager[Stores]:
        return contextlib.nullcontext(SimulatedStores(self._database))

    async def events(self, account_id: AccountId) -> list[tuple[int, JobId, str]]:
        events = self._database.events.get(account_id, [])
        return [(event.sequence, event.job_id, event.state.value) for event in events]


@asynccontextmanager
async def running(stores: SQLStores) -> AsyncIterator[SQLStores]:
    """Has the stores' writer run."""
    writing = asyncio.create_task(stores.writer.run())
    yield stores
    writing.cancel()
    await asyncio.wait([writing])


class Forgetful:
    """A database that commits each write, loses its answer the first time, and takes it again the second."""

    def __init__(self, data: Transactions) -> None:
        self._data = data
        self.dialect = data.dialect
        self.read, self.look_up = data.read, data.look_up
        self._has_lost = False

    async def write(self, work: Callable[[Connection], T]) -> T:
        result = await self._data.write(work)
        self._has_lost = not self._has_lost
        if self._has_lost:
            raise FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the answer was lost", service="database")
        return result


def new_job(account_id: AccountId = ALICE, *, model: str = "painter", deadline: timedelta = HOUR) -> NewJob:
    return NewJob(
        job_id=JobId(new_uuid7()),
        account_id=account_id,
        media_type=MediaType.IMAGE,
        requested_model=model,
        model=model,
        prompt="ein Leuchtturm 灯塔 🗼",
        options_json='{"width":64}',
        deadline=deadline,
        traceparent="",
    )


def claim(new: NewJob) -> Claim:
    return Claim(new.job_id, WORKER, next(tokens))


def lease_of(job: ClaimedJob) -> Lease:
    return Lease(job.job_id, job.lease_token)


def completion(lease: Lease) -> CompletionReport:
    return CompletionReport(lease, STORED)


def failed(lease: Lease, reason: Reason = Reason.PROVIDER_FAILED, *, retryable: bool = True) -> FailureReport:
    return FailureReport(lease, Failure(reason, "It went wrong.", retryable))


def states(events: list[tuple[int, JobId, str]], new: NewJob) -> list[JobState]:
    return [JobState(state) for _, job_id, state in events if job_id == new.job_id]


async def eventually(is_so: Callable[[], Awaitable[bool]], within_s: float = 15.0) -> None:
    """Waits for what another task or process brings about."""
    async with asyncio.timeout(within_s):
        while not await is_so():
            await asyncio.sleep(0.02)
