"""How often workers handed a job back for faults of their own, and since when an asset is known to be lost.

Phase: pre (runs before the code that needs it).
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("worker_faults", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("jobs", sa.Column("asset_lost_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_jobs_assets_lost",
        "jobs",
        ["asset_lost_at"],
        sqlite_where=sa.text("asset_lost_at IS NOT NULL"),
        postgresql_where=sa.text("asset_lost_at IS NOT NULL"),
    )
