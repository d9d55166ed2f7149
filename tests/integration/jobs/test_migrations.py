"""The migrated schema is what the models say, on each database."""

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Inspector, inspect

from flexura_jobs.models import Row
from flexura_jobs.wiring import MIGRATIONS, SERVICE
from flexura_kit.db import Database, database, migrate
from flexura_kit.settings import DatabaseSettings


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Row.metadata))


async def test_the_migrations_make_the_tables_of_the_models(data: Database) -> None:
    async with data.read.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_migrations_make_partial_indexes(data: Database) -> None:
    """The comparison above does not look at conditions."""
    async with data.read.connect() as connection:
        inspector: Inspector = await connection.run_sync(inspect)
        indexes = await connection.run_sync(lambda _: inspector.get_indexes("jobs"))
    where = f"{data.dialect}_where"
    options = {index["name"]: index.get("dialect_options", {}) for index in indexes}
    conditions = {name: some[where] for name, some in options.items() if where in some}
    partial = {
        "waiting",
        "hinted",
        "leased",
        "unfinished",
        "finished",
        "removed",
        "leftovers",
        "client_ref",
        "assets_lost",
    }
    partial |= {"account", "account_type", "account_failed", "account_unfinished"}
    assert set(conditions) == {f"ix_jobs_{name}" for name in partial}
    assert all(str(condition) for condition in conditions.values())


async def test_replicas_that_start_together_migrate_once(database_settings: DatabaseSettings) -> None:
    async def start() -> None:
        async with database(database_settings, SERVICE) as opened:
            await migrate(opened, SERVICE, MIGRATIONS)

    await asyncio.gather(*(start() for _ in range(4)))

    async with database(database_settings, SERVICE) as opened, opened.read.connect() as connection:
        assert await connection.run_sync(differences) == []
