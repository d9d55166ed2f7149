"""Where Alembic finds the tables of this service."""

from flexura_auth.models import Row
from flexura_kit.db import run_migrations

run_migrations(Row.metadata)
