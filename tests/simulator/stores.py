"""The stores of the jobs service over the database in memory, as its use cases and its dispatcher see them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from flexura_jobs.domain.acceptance import Acceptance, KeyReused, Replayed
from flexura_jobs.domain.attempts import AttemptPolicy
from flexura_jobs.domain.jobs import (
    CheckpointReport,
    Claim,
    ClaimedJob,
    CompletionReport,
    FailureReport,
    Job,
    JobState,
    Lease,
    LeaseVerdict,
    NewJob,
    Renewal,
    StoredAsset,
)
from flexura_jobs.domain.queue import Hint, QueueState, WorkerPresence
from flexura_jobs.domain.request_keys import RequestKey, differing_fields
from flexura_kit.ids import AccountId, JobId, WorkerId
from simulator.database import Database
from simulator.requests import KnownRequest
from simulator.rows import Presence, Row

T = TypeVar("T")


class Connection(Protocol):
    """The way to the database: it may take its time, fail before the commit, or lose the answer after it."""

    async def __call__(self, operation: Callable[[], T], *, is_read: bool = False) -> T: ...


async def at_once(operation: Callable[[], T], *, is_read: bool = False) -> T:  # noqa: ARG001 - nothing goes wrong.
    """A connection on which nothing goes wrong; others run meanwhile, as with any database."""
    await asyncio.sleep(0)
    return operation()


@dataclass(frozen=True)
class Terms:
    """What the stores are told when they are made."""

    policy: AttemptPolicy
    lease: timedelta
    models: Sequence[str]
    worker_gone_after: timedelta


class SimulatedJobStore:
    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._requests = database.requests
        self._run = connection

    async def create(self, jobs: Sequence[NewJob]) -> Sequence[Acceptance]:
        return await self._run(lambda: [self._created(job) for job in jobs])

    async def recall(self, asked: Sequence[tuple[AccountId, RequestKey]]) -> Sequence[Replayed | KeyReused | None]:
        def read() -> list[Replayed | KeyReused | None]:
            return [
                None if known is None else self._known(account_id, key, known)
                for account_id, key in asked
                for known in (self._requests.find(account_id, key),)
            ]

        return await self._run(read, is_read=True)

    def _created(self, new: NewJob) -> Acceptance:
        key = new.request_key
        if key is None:
            return shown(self._database.create(new))
        known = self._requests.keep(new.account_id, key, new.job_id)
        if known.job_id == new.job_id:
            row = self._database.create(new)
            if row is None:
                self._requests.give_up(new.account_id, key)
            return shown(row)
        if key.is_binding:
            return self._known(new.account_id, key, known)
        return shown(self._database.create(new, known.job_id))

    def _known(self, account_id: AccountId, key: RequestKey, known: KnownRequest) -> Replayed | KeyReused | None:
        differing = differing_fields(known.fields_json, key.fields_json)
        if differing:
            return KeyReused(differing)
        row = self._database.jobs.get(known.job_id)
        return Replayed(job_of(row)) if row is not None and row.new.account_id == account_id else None

    async def get(self, job_ids: Sequence[JobId]) -> dict[JobId, Job]:
        rows = self._database.jobs
        return await self._run(
            lambda: {job_id: job_of(rows[job_id]) for job_id in job_ids if job_id in rows}, is_read=True
        )

    async def cancel(self, account_id: AccountId, job_id: JobId) -> Job | None:
        return await self._run(lambda: shown(self._database.cancel(account_id, job_id)))

    async def stored_assets(self, job_ids: Sequence[JobId]) -> dict[JobId, StoredAsset]:
        rows = self._database.jobs
        return await self._run(
            lambda: {
                job_id: replace(row.stored, removal=row.removal)
                for job_id in job_ids
                if (row := rows.get(job_id)) is not None and row.stored is not None
            },
            is_read=True,
        )


class SimulatedWorkStore:
    def __init__(self, database: Database, connection: Connection, terms: Terms) -> None:
        self._database = database
        self._run = connection
        self._terms = terms
        self._lease_s = terms.lease.total_seconds()

    async def claim(self, claims: Sequence[Claim]) -> Sequence[ClaimedJob | None]:
        models = self._terms.models
        return await self._run(
            lambda: [claimed(self._database.claim(claim, self._lease_s, models)) for claim in claims]
        )

    async def renew(self, renewals: Sequence[Renewal]) -> Sequence[LeaseVerdict]:
        return await self._run(lambda: [self._database.renew(renewal, self._lease_s) for renewal in renewals])

    async def checkpoint(self, report: CheckpointReport) -> bool:
        return await self._run(lambda: self._database.checkpoint(report))

    async def complete(self, report: CompletionReport) -> bool:
        return await self._run(lambda: self._database.complete(report))

    async def fail(self, report: FailureReport) -> JobState | None:
        return await self._run(lambda: self._database.fail(report, self._terms.policy))

    async def release(self, lease: Lease, *, is_worker_fault: bool = False) -> bool:
        def give_back() -> bool:
            return self._database.release(lease, self._terms.policy, is_worker_fault=is_worker_fault) is not None

        return await self._run(give_back)

    async def announce(self, worker_id: WorkerId, providers: Sequence[str], slots: int) -> None:
        def change() -> None:
            self._database.workers[worker_id] = Presence(frozenset(providers), slots, self._database.clock())

        await self._run(change)


class SimulatedQueueStore:
    def __init__(self, database: Database, connection: Connection, terms: Terms) -> None:
        self._database = database
        self._run = connection
        self._terms = terms
        self._gone_after_s = terms.worker_gone_after.total_seconds()

    async def workers(self) -> list[WorkerPresence]:
        return await self._run(
            lambda: [
                WorkerPresence(worker_id, presence.providers, presence.slots)
                for worker_id, presence in self._database.workers.items()
                if presence.seen_at > self._database.clock() - self._gone_after_s
            ],
            is_read=True,
        )

    async def lead(self, role: str, holder: str, lease: timedelta) -> bool:
        return await self._run(lambda: self._database.lead(role, holder, lease.total_seconds()))

    async def resign(self, role: str, holder: str) -> None:
        await self._run(lambda: self._database.resign(role, holder))

    async def states(self, models: Sequence[str]) -> dict[str, QueueState]:
        return await self._run(lambda: {model: self._database.state_of(model) for model in models}, is_read=True)

    async def waiting(self, model: str, last_served: AccountId | None, room: int) -> dict[AccountId, list[JobId]]:
        return await self._run(lambda: self._database.waiting(model, last_served, room), is_read=True)

    async def dispatch(self, job_ids: Sequence[JobId]) -> list[Hint]:
        if not job_ids:
            return []
        return await self._run(
            lambda: [hint_of(row) for job_id in job_ids if (row := self._database.dispatch(job_id)) is not None]
        )

    async def take_back(self, hints: Sequence[Hint]) -> None:
        def change() -> None:
            for hint in hints:
                self._database.take_back(hint.job_id, hint.dispatch_seq)

        await self._run(change)

    async def backlog(self) -> dict[str, int]:
        def count() -> dict[str, int]:
            models = [row.new.model for row in self._database.jobs.values() if row.state is JobState.QUEUED]
            return {model: models.count(model) for model in models}

        return await self._run(count, is_read=True)

    async def hinted_before(self, model: str, age: timedelta) -> int:
        seconds = age.total_seconds()
        return await self._run(lambda: len(self._database.hinted_before(model, seconds)), is_read=True)

    async def take_back_oldest(self, model: str, age: timedelta, count: int) -> int:
        def change() -> int:
            oldest = self._database.hinted_before(model, age.total_seconds())[:count]
            for row in oldest:
                row.dispatched_at = None
            self._database.hints_given_up += len(oldest)
            return len(oldest)

        return await self._run(change)

    async def move_lost_leases(self) -> int:
        return await self._run(lambda: self._database.move_lost_leases(self._terms.policy))

    async def end_overdue(self) -> int:
        return await self._run(lambda: self._database.end_overdue(self._terms.policy))

    async def forget_request_keys(self) -> int:
        return await self._run(self._database.requests.forget)

    async def forget_workers(self) -> int:
        def change() -> int:
            latest = self._database.clock() - self._gone_after_s
            gone = [worker for worker, presence in self._database.workers.items() if presence.seen_at <= latest]
            for worker in gone:
                del self._database.workers[worker]
            return len(gone)

        return await self._run(change)


def moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def shown(row: Row | None) -> Job | None:
    return None if row is None else job_of(row)


def job_of(row: Row) -> Job:
    new = row.new
    return Job(
        job_id=new.job_id,
        account_id=new.account_id,
        media_type=new.media_type,
        state=row.state,
        prompt=new.prompt,
        requested_model=new.requested_model,
        model=new.model,
        substituted=new.requested_model != new.model,
        options_json=new.options_json,
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        updated_at=datetime.fromtimestamp(row.updated_at, UTC),
        started_at=moment(row.started_at),
        finished_at=moment(row.finished_at),
        progress=row.progress,
        attempt=row.attempt,
        client_ref=new.client_ref,
        metadata_json=new.metadata_json,
        probable_duplicate_of=row.probable_duplicate_of,
        deadline_at=datetime.fromtimestamp(row.deadline_at, UTC),
        asset=row.stored.asset if row.stored is not None else None,
        failure=row.failure,
        removal=row.removal,
        interpretation=row.interpretation,
    )


def claimed(row: Row | None) -> ClaimedJob | None:
    if row is None or row.lease_token is None:
        return None
    new = row.new
    return ClaimedJob(
        job_id=new.job_id,
        lease_token=row.lease_token,
        attempt=row.attempt,
        media_type=new.media_type,
        model=new.model,
        prompt=new.prompt,
        options_json=new.options_json,
        time_to_deadline=timedelta(seconds=row.deadline_at - row.updated_at),
        checkpoint=row.checkpoint,
        upstream_ref=row.upstream_ref,
        traceparent=new.traceparent,
    )


def hint_of(row: Row) -> Hint:
    waited = timedelta(seconds=(row.dispatched_at or 0.0) - row.updated_at)
    return Hint(row.new.job_id, row.new.media_type, row.new.model, row.dispatch_seq, row.new.traceparent, waited)
