"""Taking a lease, keeping it, and what is written under it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, case, func, select, update

from flexura_jobs.domain.jobs import (
    CheckpointReport,
    Claim,
    ClaimedJob,
    CompletionReport,
    JobState,
    Lease,
    LeaseVerdict,
    Renewal,
)
from flexura_jobs.models import JOBS
from flexura_jobs.store.events import NewEvent
from flexura_jobs.store.rows import CLAIM_COLUMNS, claimed_job_of, interpretation_text
from flexura_jobs.store.statements import (
    BIGINT,
    COMPLETED,
    DOUBLE,
    INTEGER,
    IS_PROCESSING,
    IS_QUEUED,
    NOW,
    PROCESSING,
    TEXT,
    DialectName,
    items,
    items_table,
    time_in,
)
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId


def is_same_lease(item: FromClause) -> ColumnElement[bool]:
    return (JOBS.c.job_id == item.c.job_id) & (JOBS.c.lease_token == item.c.lease_token)


def holds_lease(item: FromClause) -> ColumnElement[bool]:
    """A lease that has run out is refused even where nobody has taken the job yet: the reconciler may be at it."""
    return is_same_lease(item) & IS_PROCESSING & (JOBS.c.lease_expires_at > NOW)


def lease_row(lease: Lease) -> dict[str, Any]:
    return {"job_id": lease.job_id, "lease_token": lease.lease_token}


class Claiming:
    """Leases queued jobs to workers: of any number of claims on a job, one succeeds, and does so as often as made.

    The answer to a claim may be lost on its way, and so may the word of the database that it has committed one.
    """

    def __init__(self, dialect: DialectName, lease: timedelta, models: Sequence[str]) -> None:
        claim = items_table(dialect, job_id=TEXT, worker_id=TEXT, lease_token=TEXT)
        self._update = (
            update(JOBS)
            .where(
                JOBS.c.job_id == claim.c.job_id,
                IS_QUEUED,
                # A token that was given back is spent: a claim that comes late must not take the job for nobody.
                JOBS.c.lease_token.is_distinct_from(claim.c.lease_token),
                JOBS.c.deadline_at > NOW,
                # A job of a model that this replica's catalog does not know waits for one that does.
                JOBS.c.model.in_(models),
            )
            .values(
                state=PROCESSING,
                lease_token=claim.c.lease_token,
                worker_id=claim.c.worker_id,
                lease_expires_at=time_in(lease.total_seconds()),
                attempt=JOBS.c.attempt + 1,
                progress=0.0,
                dispatched_at=None,
                started_at=func.coalesce(JOBS.c.started_at, NOW),
                updated_at=NOW,
            )
            .returning(*CLAIM_COLUMNS)
        )
        self._again = (
            update(JOBS)
            .where(holds_lease(claim))
            .values(lease_expires_at=time_in(lease.total_seconds()))
            .returning(*CLAIM_COLUMNS)
        )

    def run(self, connection: Connection, claims: Sequence[Claim], events: list[NewEvent]) -> list[ClaimedJob | None]:
        rows = [{"job_id": c.job_id, "worker_id": c.worker_id, "lease_token": c.lease_token} for c in claims]
        claimed = {}
        for row in connection.execute(self._update, items(rows)):
            claimed[row.job_id, row.lease_token] = claimed_job_of(row)
            events.append(NewEvent(AccountId(row.account_id), JobId(row.job_id), JobState.PROCESSING, row.attempt))
        left = [row for row in rows if (row["job_id"], row["lease_token"]) not in claimed]
        if left:
            again = connection.execute(self._again, items(left))
            claimed |= {(row.job_id, row.lease_token): claimed_job_of(row) for row in again}
        return [claimed.get((claim.job_id, claim.lease_token)) for claim in claims]


class Renewing:
    """Keeps leases, takes their progress, and tells why one cannot be kept."""

    def __init__(self, dialect: DialectName, lease: timedelta) -> None:
        renewal = items_table(dialect, job_id=TEXT, lease_token=TEXT, progress=DOUBLE)
        self._update = (
            update(JOBS)
            .where(holds_lease(renewal))
            .values(
                lease_expires_at=time_in(lease.total_seconds()),
                progress=case((renewal.c.progress > JOBS.c.progress, renewal.c.progress), else_=JOBS.c.progress),
            )
            .returning(JOBS.c.job_id, JOBS.c.lease_token)
        )
        self._canceled = (
            select(JOBS.c.job_id, JOBS.c.lease_token)
            .join_from(renewal, JOBS, is_same_lease(renewal))
            .where(JOBS.c.failure_reason == Reason.CANCELED.value)
        )

    def run(self, connection: Connection, renewals: Sequence[Renewal], _events: list[NewEvent]) -> list[LeaseVerdict]:
        parameters = items([{**lease_row(r.lease), "progress": r.progress} for r in renewals])
        verdicts = dict.fromkeys(map(tuple, connection.execute(self._update, parameters)), LeaseVerdict.OK)
        leases = [(r.lease.job_id, r.lease.lease_token) for r in renewals]
        if len(verdicts) < len(set(leases)):
            canceled = map(tuple, connection.execute(self._canceled, parameters))
            verdicts |= dict.fromkeys(canceled, LeaseVerdict.CANCELED)
        return [verdicts.get(lease, LeaseVerdict.LOST) for lease in leases]


class Checkpointing:
    """Records how far calls to providers are."""

    def __init__(self, dialect: DialectName) -> None:
        report = items_table(dialect, job_id=TEXT, lease_token=TEXT, checkpoint=TEXT, upstream_ref=TEXT)
        self._update = (
            update(JOBS)
            .where(holds_lease(report))
            .values(checkpoint=report.c.checkpoint, upstream_ref=report.c.upstream_ref)
            .returning(JOBS.c.job_id, JOBS.c.lease_token)
        )

    def run(self, connection: Connection, reports: Sequence[CheckpointReport], _events: list[NewEvent]) -> list[bool]:
        rows = [
            {**lease_row(r.lease), "checkpoint": r.checkpoint.value, "upstream_ref": r.upstream_ref} for r in reports
        ]
        done = set(map(tuple, connection.execute(self._update, items(rows))))
        return [(r.lease.job_id, r.lease.lease_token) in done for r in reports]


class Completion:
    """Ends jobs as completed; the same report again is answered again."""

    def __init__(self, dialect: DialectName) -> None:
        texts = dict.fromkeys(("job_id", "lease_token", "asset_key"), TEXT)
        kinds = {
            "asset_extension": TEXT, "asset_content_type": TEXT, "asset_size_bytes": BIGINT, "asset_sha256": TEXT,
            "asset_width": INTEGER, "asset_height": INTEGER, "asset_duration_s": DOUBLE, "interpretation": TEXT,
        }  # fmt: skip
        report = items_table(dialect, **texts, **kinds)
        self._update = (
            update(JOBS)
            .where(holds_lease(report))
            .values(
                state=COMPLETED,
                progress=1.0,
                lease_expires_at=None,
                updated_at=NOW,
                finished_at=NOW,
                asset_key=report.c.asset_key,
                **{name: report.c[name] for name in kinds},
            )
            .returning(JOBS.c.job_id, JOBS.c.lease_token, JOBS.c.account_id, JOBS.c.attempt)
        )
        self._completed_before = (
            select(JOBS.c.job_id, JOBS.c.lease_token)
            .join_from(report, JOBS, is_same_lease(report))
            .where(JOBS.c.state == COMPLETED)
        )

    def run(self, connection: Connection, reports: Sequence[CompletionReport], events: list[NewEvent]) -> list[bool]:
        parameters = items([completion_row(report) for report in reports])
        done = set()
        for job_id, lease_token, account_id, attempt in connection.execute(self._update, parameters):
            done.add((job_id, lease_token))
            events.append(NewEvent(account_id, job_id, JobState.COMPLETED, attempt))
        if len(done) < len(reports):
            done |= set(map(tuple, connection.execute(self._completed_before, parameters)))
        return [(r.lease.job_id, r.lease.lease_token) in done for r in reports]


def completion_row(report: CompletionReport) -> dict[str, Any]:
    asset = report.stored_asset.asset
    return {
        **lease_row(report.lease),
        "asset_key": report.stored_asset.object_key,
        "asset_extension": asset.extension,
        "asset_content_type": asset.content_type,
        "asset_size_bytes": asset.size_bytes,
        "asset_sha256": asset.sha256,
        "asset_width": asset.width,
        "asset_height": asset.height,
        "asset_duration_s": asset.duration_s,
        "interpretation": interpretation_text(report.interpretation),
    }
