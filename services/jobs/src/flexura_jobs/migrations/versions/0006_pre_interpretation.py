"""What a provider that works by rules made of a prompt.

Phase: pre (runs before the code that needs it).
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("interpretation", sa.Text, nullable=True))
