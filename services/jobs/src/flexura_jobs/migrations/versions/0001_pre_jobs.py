"""Jobs, their events, the workers that were heard of, and who leads.

Phase: pre (runs before the code that needs it).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def required(name: str, kind: Any, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=sa.text(default) if default else None)


def optional(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "jobs",
        required("job_id", sa.Text),
        required("account_id", sa.Text),
        required("media_type", sa.Text),
        required("requested_model", sa.Text),
        required("model", sa.Text),
        required("prompt", sa.Text),
        required("options", sa.Text),
        required("traceparent", sa.Text, "''"),
        optional("cost_micros", sa.BigInteger),
        required("state", sa.Text),
        required("progress", sa.Double, "0"),
        required("attempt", sa.Integer, "0"),
        required("attempts_failed", sa.Integer, "0"),
        required("checkpoint", sa.Text, "'nothing'"),
        required("upstream_ref", sa.Text, "''"),
        optional("lease_token", sa.Text),
        optional("lease_expires_at", time),
        optional("worker_id", sa.Text),
        required("dispatch_seq", sa.Integer, "0"),
        optional("dispatched_at", time),
        optional("asset_key", sa.Text),
        optional("asset_extension", sa.Text),
        optional("asset_content_type", sa.Text),
        optional("asset_size_bytes", sa.BigInteger),
        optional("asset_sha256", sa.Text),
        optional("asset_width", sa.Integer),
        optional("asset_height", sa.Integer),
        optional("asset_duration_s", sa.Double),
        optional("failure_reason", sa.Text),
        optional("failure_message", sa.Text),
        optional("failure_retryable", sa.Boolean),
        required("created_at", time),
        required("updated_at", time),
        optional("started_at", time),
        optional("finished_at", time),
        required("deadline_at", time),
        sa.PrimaryKeyConstraint("job_id", name="jobs_pkey"),
    )
    index("ix_jobs_waiting", "model, account_id, created_at, job_id", "state = 'queued' AND dispatched_at IS NULL")
    index("ix_jobs_hinted", "model, dispatched_at", "state = 'queued' AND dispatched_at IS NOT NULL")
    index("ix_jobs_leased", "lease_expires_at", "state = 'processing'")
    index("ix_jobs_unfinished", "deadline_at", "state IN ('queued', 'processing')")
    op.create_table(
        "accounts",
        required("account_id", sa.Text),
        required("event_sequence", sa.BigInteger, "0"),
        sa.PrimaryKeyConstraint("account_id", name="accounts_pkey"),
    )
    op.create_table(
        "events",
        required("account_id", sa.Text),
        required("sequence", sa.BigInteger),
        required("job_id", sa.Text),
        required("state", sa.Text),
        required("attempt", sa.Integer),
        optional("failure_reason", sa.Text),
        required("created_at", time),
        sa.PrimaryKeyConstraint("account_id", "sequence", name="events_pkey"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name="events_account_id_fkey"),
    )
    op.create_table(
        "workers",
        required("worker_id", sa.Text),
        required("providers", sa.Text),
        required("slots", sa.Integer),
        required("seen_at", time),
        sa.PrimaryKeyConstraint("worker_id", name="workers_pkey"),
    )
    op.create_table(
        "leaders",
        required("role", sa.Text),
        required("holder", sa.Text),
        required("expires_at", time),
        sa.PrimaryKeyConstraint("role", name="leaders_pkey"),
    )


def index(name: str, columns: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "jobs", columns.split(", "), sqlite_where=condition, postgresql_where=condition)
