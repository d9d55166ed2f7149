"""Webhooks, their secrets, what they are sent, and the address that a job may name itself.

Phase: pre (runs before the code that needs it).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def required(name: str, kind: Any, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=sa.text(default) if default else None)


def optional(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.add_column("jobs", optional("webhook_url", sa.Text))
    op.create_table(
        "webhooks",
        required("webhook_id", sa.Text),
        required("account_id", sa.Text),
        required("url", sa.Text),
        required("created_at", time),
        optional("disabled_at", time),
        optional("disabled_reason", sa.Text),
        optional("deleted_at", time),
        sa.PrimaryKeyConstraint("webhook_id", name="webhooks_pkey"),
    )
    op.create_index("ix_webhooks_account", "webhooks", ["account_id", "webhook_id"])
    index("uq_webhooks_of_jobs", "webhooks", "account_id", "url = '' AND deleted_at IS NULL", unique=True)
    op.create_table(
        "webhook_secrets",
        required("secret_id", sa.Text),
        required("webhook_id", sa.Text),
        required("sealed", sa.Text),
        optional("expires_at", time),
        sa.PrimaryKeyConstraint("secret_id", name="webhook_secrets_pkey"),
    )
    op.create_index("ix_webhook_secrets_webhook", "webhook_secrets", ["webhook_id"])
    op.create_table(
        "webhook_deliveries",
        required("delivery_id", sa.Text),
        required("webhook_id", sa.Text),
        required("account_id", sa.Text),
        optional("job_id", sa.Text),
        required("event_type", sa.Text),
        required("url", sa.Text),
        required("state", sa.Text, "'pending'"),
        required("attempt", sa.Integer, "0"),
        required("due_at", time),
        optional("lease_token", sa.Text),
        optional("attempted_at", time),
        optional("response_status", sa.Integer),
        optional("error", sa.Text),
        required("created_at", time),
        sa.PrimaryKeyConstraint("delivery_id", name="webhook_deliveries_pkey"),
    )
    columns = ["webhook_id", "created_at", "delivery_id"]
    op.create_index("ix_webhook_deliveries_webhook", "webhook_deliveries", columns)
    index("ix_webhook_deliveries_pending", "webhook_deliveries", "webhook_id, due_at", "state = 'pending'")
    index("ix_webhook_deliveries_ended", "webhook_deliveries", "created_at", "state <> 'pending'")


def index(name: str, table: str, columns: str, where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns.split(", "), unique=unique, sqlite_where=condition, postgresql_where=condition)
