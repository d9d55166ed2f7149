"""The tables of the jobs service in memory, and the rules by which each operation changes them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flexura_jobs.domain.attempts import CANCELED, Attempt, AttemptPolicy, Move
from flexura_jobs.domain.jobs import (
    CheckpointReport,
    Claim,
    CompletionReport,
    Failure,
    FailureReport,
    JobState,
    Lease,
    LeaseVerdict,
    NewJob,
    Renewal,
)
from flexura_jobs.domain.queue import QueueState
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId, LeaseToken, WorkerId
from simulator.requests import KnownRequests
from simulator.rows import COMPLETED, FAILED, PROCESSING, QUEUED, Event, Presence, Row, attempt_of


@dataclass
class Database:
    """All tables. Operations are plain calls: what happens in one of them is committed as a whole."""

    clock: Callable[[], float]
    hear: Callable[[Event], None] = lambda _: None
    """Told of each event, for whoever writes down what happens."""
    jobs: dict[JobId, Row] = field(default_factory=dict)
    events: dict[AccountId, list[Event]] = field(default_factory=dict)
    workers: dict[WorkerId, Presence] = field(default_factory=dict)
    leaders: dict[str, tuple[str, float]] = field(default_factory=dict)
    requests: KnownRequests = field(init=False)
    leased_until: dict[LeaseToken, float] = field(default_factory=dict)
    """How long each lease was good for at most, for the checks."""
    hints_given_up: int = 0
    """How many hints were sent anew because they seemed lost, for the checks."""
    committing: list[Event] = field(default_factory=list)
    """What the operation under way has recorded so far."""

    def __post_init__(self) -> None:
        self.requests = KnownRequests(self.clock)

    def create(self, new: NewJob, probable_duplicate_of: JobId | None = None) -> Row | None:
        now = self.clock()
        row = self.jobs.get(new.job_id)
        if row is None:
            row = self.jobs[new.job_id] = Row(new, now, now + new.deadline.total_seconds(), now)
            row.probable_duplicate_of = probable_duplicate_of
            self._record(row, "created")
        return row if row.new.account_id == new.account_id else None

    def cancel(self, account_id: AccountId, job_id: JobId) -> Row | None:
        row = self.jobs.get(job_id)
        if row is None or row.new.account_id != account_id:
            return None
        if row.is_unfinished:
            self._finish(row, FAILED, "canceled", CANCELED)
        return row

    def claim(self, claim: Claim, lease_s: float, models: Iterable[str]) -> Row | None:
        now = self.clock()
        lease = Lease(claim.job_id, claim.lease_token)
        row = self._held(lease)
        if row is not None:
            row.lease_expires_at = self.leased_until[claim.lease_token] = now + lease_s
            return row
        row = self.jobs.get(claim.job_id)
        if row is None or row.state is not QUEUED or row.deadline_at <= now or row.new.model not in models:
            return None
        if row.lease_token == claim.lease_token:
            return None  # It was given back: a copy of the claim that comes late.
        row.state, row.updated_at, row.dispatched_at, row.progress = PROCESSING, now, None, 0.0
        row.lease_token, row.worker_id = claim.lease_token, claim.worker_id
        row.lease_expires_at = self.leased_until[claim.lease_token] = now + lease_s
        row.attempt += 1
        row.started_at = now if row.started_at is None else row.started_at
        self._record(row, "claimed")
        return row

    def renew(self, renewal: Renewal, lease_s: float) -> LeaseVerdict:
        row = self._held(renewal.lease)
        if row is not None:
            row.lease_expires_at = self.leased_until[renewal.lease.lease_token] = self.clock() + lease_s
            row.progress = max(row.progress, renewal.progress)
            return LeaseVerdict.OK
        row = self._leased(renewal.lease)
        was_canceled = row is not None and row.failure is not None and row.failure.reason is Reason.CANCELED
        return LeaseVerdict.CANCELED if was_canceled else LeaseVerdict.LOST

    def checkpoint(self, report: CheckpointReport) -> bool:
        row = self._held(report.lease)
        if row is not None:
            row.checkpoint, row.upstream_ref = report.checkpoint, report.upstream_ref
        return row is not None

    def complete(self, report: CompletionReport) -> bool:
        row = self._held(report.lease)
        if row is None:
            row = self._leased(report.lease)
            return row is not None and row.state is COMPLETED
        row.stored, row.progress = report.stored_asset, 1.0
        row.interpretation = report.interpretation
        self._finish(row, COMPLETED, "completed", None)
        return True

    def fail(self, report: FailureReport, policy: AttemptPolicy) -> JobState | None:
        return self._give_back(report.lease, "failed", lambda attempt: policy.after_failure(attempt, report.failure))

    def release(self, lease: Lease, policy: AttemptPolicy, *, is_worker_fault: bool = False) -> JobState | None:
        judge = policy.after_worker_fault if is_worker_fault else policy.after_release
        return self._give_back(lease, "released", judge)

    def move_lost_leases(self, policy: AttemptPolicy) -> int:
        now = self.clock()
        lost = [r for r in self.jobs.values() if r.state is PROCESSING and (r.lease_expires_at or 0.0) <= now]
        for row in lost:
            self._move(row, policy.after_loss(attempt_of(row)), "lost")
            # The token goes: whoever held it must not take a late report for accepted.
            row.lease_token = None
        return len(lost)

    def end_overdue(self, policy: AttemptPolicy) -> int:
        now = self.clock()
        overdue = [row for row in self.jobs.values() if row.is_unfinished and row.deadline_at <= now]
        for row in overdue:
            failure = policy.at_deadline(row.new.model, row.checkpoint, row.upstream_ref)
            self._finish(row, FAILED, "overdue", failure)
            row.lease_token = None
        return len(overdue)

    def dispatch(self, job_id: JobId) -> Row | None:
        row = self.jobs.get(job_id)
        if row is None or row.state is not QUEUED or row.dispatched_at is not None:
            return None
        row.dispatch_seq += 1
        row.dispatched_at = self.clock()
        return row

    def take_back(self, job_id: JobId, dispatch_seq: int) -> None:
        row = self.jobs.get(job_id)
        if row is not None and row.state is QUEUED and row.dispatch_seq == dispatch_seq:
            row.dispatched_at = None

    def hinted_before(self, model: str, age_s: float) -> list[Row]:
        """Answers the oldest first."""
        latest = self.clock() - age_s
        hinted = [(r.dispatched_at, r.new.job_id, r) for r in self._queued(model) if r.dispatched_at is not None]
        return [row for at, _, row in sorted(hinted, key=lambda one: one[:2]) if at < latest]

    def state_of(self, model: str) -> QueueState:
        is_hinted = [row.dispatched_at is not None for row in self._queued(model)]
        processing = sum(row.state is PROCESSING and row.new.model == model for row in self.jobs.values())
        return QueueState(sum(is_hinted), not all(is_hinted), processing)

    def waiting(self, model: str, last_served: AccountId | None, room: int) -> dict[AccountId, list[JobId]]:
        rows = [row for row in self._queued(model) if row.dispatched_at is None]
        accounts = sorted({row.new.account_id for row in rows})
        rest = [account for account in accounts if account > (last_served or "")]
        chosen = {*rest[:room], *accounts[:room]}
        waiting: dict[AccountId, list[JobId]] = {}
        for row in sorted(rows, key=lambda one: (one.created_at, one.new.job_id)):
            if row.new.account_id in chosen:
                jobs = waiting.setdefault(row.new.account_id, [])
                if len(jobs) < room:
                    jobs.append(row.new.job_id)
        return waiting

    def lead(self, role: str, holder: str, lease_s: float) -> bool:
        now = self.clock()
        other, expires_at = self.leaders.get(role, (holder, 0.0))
        if other != holder and expires_at >= now:
            return False
        self.leaders[role] = (holder, now + lease_s)
        return True

    def resign(self, role: str, holder: str) -> None:
        if self.leaders.get(role, ("", 0.0))[0] == holder:
            self.leaders[role] = (holder, self.clock())

    def _queued(self, model: str) -> list[Row]:
        return [row for row in self.jobs.values() if row.state is QUEUED and row.new.model == model]

    def _leased(self, lease: Lease) -> Row | None:
        row = self.jobs.get(lease.job_id)
        return row if row is not None and row.lease_token == lease.lease_token else None

    def _held(self, lease: Lease) -> Row | None:
        """A lease that has run out is refused even where nobody has taken the job yet."""
        row = self._leased(lease)
        is_held = row is not None and row.state is PROCESSING and (row.lease_expires_at or 0.0) > self.clock()
        return row if is_held else None

    def _give_back(self, lease: Lease, cause: str, judge: Callable[[Attempt], Move]) -> JobState | None:
        row = self._held(lease)
        if row is None:
            row = self._leased(lease)
            return row.state if row is not None and row.state in {QUEUED, FAILED} else None
        self._move(row, judge(attempt_of(row)), cause)
        return row.state

    def _move(self, row: Row, move: Move, cause: str) -> None:
        row.attempts_failed, row.checkpoint, row.upstream_ref = (
            move.attempts_failed, move.checkpoint, move.upstream_ref,
        )  # fmt: skip
        row.worker_faults = move.worker_faults
        if move.state is FAILED:
            self._finish(row, FAILED, cause, move.failure)
            return
        row.state, row.failure, row.progress, row.finished_at = move.state, move.failure, 0.0, None
        row.lease_expires_at = row.dispatched_at = None
        row.updated_at = self.clock()
        self._record(row, cause)

    def _finish(self, row: Row, state: JobState, cause: str, failure: Failure | None) -> None:
        row.state, row.failure = state, failure
        row.lease_expires_at = row.dispatched_at = None
        row.updated_at = row.finished_at = self.clock()
        self._record(row, cause)

    def _record(self, row: Row, cause: str) -> None:
        account_id = row.new.account_id
        events = self.events.setdefault(account_id, [])
        event = Event(
            len(events) + 1, account_id, row.new.job_id, row.state, row.attempt, cause, row.failure, row.updated_at
        )
        events.append(event)
        self.committing.append(event)
        self.hear(event)
