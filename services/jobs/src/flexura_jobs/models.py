"""The tables of the jobs service."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlmodel import Field, SQLModel

from flexura_kit.db import clock_table


class UTCTime(TypeDecorator[datetime]):
    """A time with its zone; SQLite, which knows no zones, keeps it in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, _coltype: object) -> Callable[[str | None], datetime | None] | None:
        # In place of the library's two steps for each value, which took a fifth of the time to read a job.
        return utc_time if dialect.name == "sqlite" else None


def utc_time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


def required(kind: Any, default: str | None = None) -> Any:
    return Field(sa_column=Column(kind, nullable=False, server_default=text(default) if default else None))


def optional(kind: Any) -> Any:
    return Field(default=None, sa_column=Column(kind, nullable=True))


def key(kind: Any) -> Any:
    return Field(sa_column=Column(kind, primary_key=True, autoincrement=False))


class Row(SQLModel):
    metadata = MetaData()


# The time of the service; ADR 20.
clock_table(Row.metadata)


class JobRow(Row, table=True):
    """A job: what was asked for, where it is in its life, who holds it, what became of it."""

    __tablename__ = "jobs"

    job_id: str = key(Text)
    account_id: str = required(Text)
    media_type: str = required(Text)
    requested_model: str = required(Text)
    model: str = required(Text)
    prompt: str = required(Text)
    options: str = required(Text)
    traceparent: str = required(Text, "''")
    cost_micros: int | None = optional(BigInteger)
    client_ref: str = required(Text, "''")
    # Named so in the table; SQLModel keeps the word for its own use.
    caller_metadata: str = Field(sa_column=Column("metadata", Text, nullable=False, server_default=text("'{}'")))
    probable_duplicate_of: str | None = optional(Text)

    state: str = required(Text)
    progress: float = required(Double, "0")
    attempt: int = required(Integer, "0")
    attempts_failed: int = required(Integer, "0")
    worker_faults: int = required(Integer, "0")
    checkpoint: str = required(Text, "'nothing'")
    upstream_ref: str = required(Text, "''")

    lease_token: str | None = optional(Text)
    lease_expires_at: datetime | None = optional(UTCTime)
    worker_id: str | None = optional(Text)

    dispatch_seq: int = required(Integer, "0")
    dispatched_at: datetime | None = optional(UTCTime)

    asset_key: str | None = optional(Text)
    asset_extension: str | None = optional(Text)
    asset_content_type: str | None = optional(Text)
    asset_size_bytes: int | None = optional(BigInteger)
    asset_sha256: str | None = optional(Text)
    asset_width: int | None = optional(Integer)
    asset_height: int | None = optional(Integer)
    asset_duration_s: float | None = optional(Double)
    asset_lost_at: datetime | None = optional(UTCTime)
    interpretation: str | None = optional(Text)

    failure_reason: str | None = optional(Text)
    failure_message: str | None = optional(Text)
    failure_retryable: bool | None = optional(Boolean)

    webhook_url: str | None = optional(Text)

    created_at: datetime = required(UTCTime)
    updated_at: datetime = required(UTCTime)
    started_at: datetime | None = optional(UTCTime)
    finished_at: datetime | None = optional(UTCTime)
    deadline_at: datetime = required(UTCTime)

    removed_at: datetime | None = optional(UTCTime)
    removal: str | None = optional(Text)
    object_removed_at: datetime | None = optional(UTCTime)


class RequestKeyRow(Row, table=True):
    """By what a request is known again: its idempotency key, or what its body says."""

    __tablename__ = "request_keys"

    account_id: str = key(Text)
    scope: str = key(Text)
    value: str = key(Text)
    job_id: str = required(Text)
    fields: str = required(Text, "'{}'")
    expires_at: datetime = required(UTCTime)


class EventRow(Row, table=True):
    """A change of a job's state, numbered within its account without gaps."""

    __tablename__ = "events"

    account_id: str = Field(
        sa_column=Column(Text, ForeignKey("accounts.account_id"), primary_key=True, autoincrement=False)
    )
    sequence: int = key(BigInteger)
    job_id: str = required(Text)
    state: str = required(Text)
    attempt: int = required(Integer)
    failure_reason: str | None = optional(Text)
    created_at: datetime = required(UTCTime)


class AccountRow(Row, table=True):
    """What the jobs service keeps of an account: the number of its latest event."""

    __tablename__ = "accounts"

    account_id: str = key(Text)
    event_sequence: int = required(BigInteger, "0")


class WorkerRow(Row, table=True):
    """A media worker as it announced itself last."""

    __tablename__ = "workers"

    worker_id: str = key(Text)
    providers: str = required(Text)
    slots: int = required(Integer)
    seen_at: datetime = required(UTCTime)


class LeaderRow(Row, table=True):
    """Which replica does what only one may do, and until when."""

    __tablename__ = "leaders"

    role: str = key(Text)
    holder: str = required(Text)
    expires_at: datetime = required(UTCTime)


class WebhookRow(Row, table=True):
    """An address that is told when jobs end; without a URL, the secret of the jobs that name one themselves."""

    __tablename__ = "webhooks"

    webhook_id: str = key(Text)
    account_id: str = required(Text)
    url: str = required(Text)
    created_at: datetime = required(UTCTime)
    disabled_at: datetime | None = optional(UTCTime)
    disabled_reason: str | None = optional(Text)
    deleted_at: datetime | None = optional(UTCTime)


class WebhookSecretRow(Row, table=True):
    """A signing secret, sealed; the one that does not expire is the present one."""

    __tablename__ = "webhook_secrets"

    secret_id: str = key(Text)
    webhook_id: str = required(Text)
    sealed: str = required(Text)
    expires_at: datetime | None = optional(UTCTime)


class DeliveryRow(Row, table=True):
    """A message to one address; while it is pending, `due_at` says when it may be claimed, a lease's end included."""

    __tablename__ = "webhook_deliveries"

    delivery_id: str = key(Text)
    webhook_id: str = required(Text)
    account_id: str = required(Text)
    job_id: str | None = optional(Text)
    event_type: str = required(Text)
    url: str = required(Text)
    state: str = required(Text, "'pending'")
    attempt: int = required(Integer, "0")
    due_at: datetime = required(UTCTime)
    lease_token: str | None = optional(Text)
    attempted_at: datetime | None = optional(UTCTime)
    response_status: int | None = optional(Integer)
    error: str | None = optional(Text)
    created_at: datetime = required(UTCTime)


def table(row: type[Row]) -> Table:
    return Row.metadata.tables[str(row.__tablename__)]


JOBS = table(JobRow)
EVENTS = table(EventRow)
ACCOUNTS = table(AccountRow)
REQUEST_KEYS = table(RequestKeyRow)
WORKERS = table(WorkerRow)
LEADERS = table(LeaderRow)
WEBHOOKS = table(WebhookRow)
WEBHOOK_SECRETS = table(WebhookSecretRow)
DELIVERIES = table(DeliveryRow)


def partial_index(name: str, condition: str, *columns: Column[Any], unique: bool = False) -> None:
    where = text(condition)
    Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


# Each index holds only the jobs that its question is about, so that finished ones cost nothing.
partial_index(
    "ix_jobs_waiting",
    "state = 'queued' AND dispatched_at IS NULL",
    JOBS.c.model,
    JOBS.c.account_id,
    JOBS.c.created_at,
    JOBS.c.job_id,
)
partial_index("ix_jobs_hinted", "state = 'queued' AND dispatched_at IS NOT NULL", JOBS.c.model, JOBS.c.dispatched_at)
partial_index("ix_jobs_leased", "state = 'processing'", JOBS.c.lease_expires_at)
partial_index("ix_jobs_unfinished", "state IN ('queued', 'processing')", JOBS.c.deadline_at)
partial_index("ix_jobs_finished", "finished_at IS NOT NULL AND removed_at IS NULL", JOBS.c.finished_at)
partial_index("ix_jobs_removed", "removed_at IS NOT NULL", JOBS.c.removed_at)
partial_index(
    "ix_jobs_leftovers",
    "finished_at IS NOT NULL AND object_removed_at IS NULL "
    "AND (removed_at IS NOT NULL OR attempt > 1 OR (state = 'failed' AND attempt = 1))",
    JOBS.c.finished_at,
)
partial_index("ix_jobs_assets_lost", "asset_lost_at IS NOT NULL", JOBS.c.asset_lost_at)
# The lists of an account: of all its jobs, of one media type, and of states that are rare among many finished jobs.
LISTED = (JOBS.c.created_at, JOBS.c.job_id)
partial_index("ix_jobs_account", "removed_at IS NULL", JOBS.c.account_id, *LISTED)
partial_index("ix_jobs_account_type", "removed_at IS NULL", JOBS.c.account_id, JOBS.c.media_type, *LISTED)
partial_index("ix_jobs_account_failed", "state = 'failed' AND removed_at IS NULL", JOBS.c.account_id, *LISTED)
partial_index("ix_jobs_account_unfinished", "state IN ('queued', 'processing')", JOBS.c.account_id, *LISTED)
partial_index("ix_jobs_client_ref", "client_ref <> ''", JOBS.c.account_id, JOBS.c.client_ref, *LISTED)
Index("ix_request_keys_expires_at", REQUEST_KEYS.c.expires_at)
Index("ix_events_created_at", EVENTS.c.created_at, EVENTS.c.sequence)
Index("ix_events_job", EVENTS.c.account_id, EVENTS.c.job_id, EVENTS.c.sequence)
Index("ix_webhooks_account", WEBHOOKS.c.account_id, WEBHOOKS.c.webhook_id)
partial_index("uq_webhooks_of_jobs", "url = '' AND deleted_at IS NULL", WEBHOOKS.c.account_id, unique=True)
Index("ix_webhook_secrets_webhook", WEBHOOK_SECRETS.c.webhook_id)
Index("ix_webhook_deliveries_webhook", DELIVERIES.c.webhook_id, DELIVERIES.c.created_at, DELIVERIES.c.delivery_id)
partial_index("ix_webhook_deliveries_pending", "state = 'pending'", DELIVERIES.c.webhook_id, DELIVERIES.c.due_at)
partial_index("ix_webhook_deliveries_ended", "state <> 'pending'", DELIVERIES.c.created_at)
