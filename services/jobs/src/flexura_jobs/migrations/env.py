"""What alembic asks for: the tables as they are declared, and the kit's way of migrating them."""

from flexura_jobs.models import Row
from flexura_kit.db import run_migrations

run_migrations(Row.metadata)
