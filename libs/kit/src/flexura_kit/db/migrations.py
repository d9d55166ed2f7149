"""Migrations, run by the service that owns the tables, one process at a time."""

import zlib
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text

from flexura_kit import log
from flexura_kit.db.engines import Database
from flexura_kit.db.startup import startup_faults
from flexura_kit.startup import SettingsError

LOCK_TIMEOUT_MS = 4000
STATEMENT_TIMEOUT_MS = 5000

logger = log.get_logger()


async def migrate(database: Database, service: str, migrations: Path, revision: str = "head") -> None:
    """Brings the service's tables up to a revision; replicas that start together wait for each other."""
    with startup_faults(database):
        await migrate_in_transaction(database, service, migrations, revision)
    logger.info("database_migrated")


async def migrate_in_transaction(database: Database, service: str, migrations: Path, revision: str) -> None:
    async with database.write.connect() as connection, connection.begin():
        if database.dialect == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(service.encode())})
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{service}"'))
            await connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
            await connection.execute(text(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}"))
        await connection.run_sync(upgrade, migrations, revision)


def upgrade(connection: Connection, migrations: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["connection"] = connection
    refuse_newer(connection, config)
    command.upgrade(config, revision)


def refuse_newer(connection: Connection, config: Config) -> None:
    """Raises SettingsError where a version of Flexura with more migrations than this one has changed the tables."""
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        raise SettingsError(
            f"the database was made by a newer version of Flexura (its tables are at revision {min(unknown)}, this"
            f" version knows {max(known)}); run that version, or restore a backup from before it"
        )


def run_migrations(metadata: MetaData) -> None:
    """What a service's `migrations/env.py` calls; alembic has set the scene."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, transaction_per_migration=False
    )
    with context.begin_transaction():
        context.run_migrations()
