"""What callers add to a job, keys that make a request safe to repeat, and the removal of jobs.

Phase: pre (runs before the code that needs it).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def required(name: str, kind: Any, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=sa.text(default) if default else None)


def optional(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    for column in (
        required("client_ref", sa.Text, "''"),
        required("metadata", sa.Text, "'{}'"),
        optional("probable_duplicate_of", sa.Text),
        optional("removed_at", time),
        optional("removal", sa.Text),
        optional("object_removed_at", time),
    ):
        op.add_column("jobs", column)
    op.create_index("ix_jobs_account", "jobs", ["account_id", "created_at", "job_id"])
    index("ix_jobs_finished", "finished_at", "finished_at IS NOT NULL AND removed_at IS NULL")
    index("ix_jobs_removed", "removed_at", "removed_at IS NOT NULL")
    index(
        "ix_jobs_leftovers",
        "finished_at",
        "finished_at IS NOT NULL AND object_removed_at IS NULL "
        "AND (removed_at IS NOT NULL OR attempt > 1 OR (state = 'failed' AND attempt = 1))",
    )
    index("ix_jobs_client_ref", "account_id, client_ref, created_at, job_id", "client_ref <> ''")
    op.create_table(
        "request_keys",
        required("account_id", sa.Text),
        required("scope", sa.Text),
        required("value", sa.Text),
        required("job_id", sa.Text),
        required("fields", sa.Text, "'{}'"),
        required("expires_at", time),
        sa.PrimaryKeyConstraint("account_id", "scope", "value", name="request_keys_pkey"),
    )
    op.create_index("ix_request_keys_expires_at", "request_keys", ["expires_at"])
    op.create_index("ix_events_created_at", "events", ["created_at"])


def index(name: str, columns: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "jobs", columns.split(", "), sqlite_where=condition, postgresql_where=condition)
