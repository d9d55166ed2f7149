"""The way to an account's few jobs of a kind among its many others, those that were removed included.

Phase: pre (runs before the code that needs it).
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_jobs_account", "jobs")
    index("ix_jobs_account", "account_id, created_at, job_id", "removed_at IS NULL")
    index("ix_jobs_account_type", "account_id, media_type, created_at, job_id", "removed_at IS NULL")
    index("ix_jobs_account_failed", "account_id, created_at, job_id", "state = 'failed' AND removed_at IS NULL")
    index("ix_jobs_account_unfinished", "account_id, created_at, job_id", "state IN ('queued', 'processing')")


def index(name: str, columns: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "jobs", columns.split(", "), sqlite_where=condition, postgresql_where=condition)
