"""The way to the events of one job, and to the oldest of all in the order of their numbers.

Phase: pre (runs before the code that needs it).
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_events_job", "events", ["account_id", "job_id", "sequence"])
    op.drop_index("ix_events_created_at", "events")
    op.create_index("ix_events_created_at", "events", ["created_at", "sequence"])
