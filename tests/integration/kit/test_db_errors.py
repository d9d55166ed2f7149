"""What passes is BUSY, what a statement did wrong is not, and neither text holds what went into the statement."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from servers.postgres import PostgresDatabase
from sqlalchemy import exc, text

from flexura_kit.db import Database, database, translate_db_errors
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.settings import DatabaseSettings

PLANTED = "planted-secret"


@pytest_asyncio.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    async with database(DatabaseSettings(url=f"sqlite:///{tmp_path}/kit.db"), "kit") as opened:
        yield opened


@pytest_asyncio.fixture
async def postgresql(postgres: PostgresDatabase) -> AsyncIterator[Database]:
    settings = DatabaseSettings(
        url=postgres.url, password_file=postgres.password_file, statement_timeout_s=1, lock_timeout_s=0.2
    )
    async with database(settings, "public") as opened:
        yield opened


async def execute(opened: Database, statement: str, **parameters: str) -> None:
    with translate_db_errors():
        async with opened.write.begin() as connection:
            await connection.execute(text(statement), parameters)


async def refusal(opened: Database, statement: str) -> tuple[Kind, Reason]:
    with pytest.raises(FlexuraError) as refused:
        await execute(opened, statement)
    return refused.value.kind, refused.value.reason


async def text_of_failure(opened: Database) -> str:
    async with opened.write.connect() as connection:
        with pytest.raises(exc.DBAPIError) as failed:
            await connection.execute(text("SELECT * FROM nowhere WHERE digest = :digest"), {"digest": PLANTED})
    return str(failed.value)


async def test_a_failed_statement_on_sqlite_is_told_without_its_parameters(sqlite: Database) -> None:
    told = await text_of_failure(sqlite)

    assert "nowhere" in told
    assert PLANTED not in told


async def test_a_failed_statement_on_postgresql_is_told_without_its_parameters(postgresql: Database) -> None:
    told = await text_of_failure(postgresql)

    assert "nowhere" in told
    assert PLANTED not in told


async def test_a_statement_that_takes_too_long_is_busy(postgresql: Database) -> None:
    assert await refusal(postgresql, "SELECT pg_sleep(5)") == (Kind.BUSY, Reason.SERVICE_UNAVAILABLE)


async def test_a_row_that_another_holds_is_busy(postgresql: Database) -> None:
    await execute(postgresql, "CREATE TABLE things (name text)")
    await execute(postgresql, "INSERT INTO things VALUES ('one')")

    async with postgresql.write.begin() as connection:
        await connection.execute(text("SELECT * FROM things FOR UPDATE"))
        refused = await refusal(postgresql, "UPDATE things SET name = 'two'")

    assert refused == (Kind.BUSY, Reason.SERVICE_UNAVAILABLE)


async def test_of_two_that_block_each_other_one_is_busy(postgresql: Database) -> None:
    async def lock(first: int, second: int) -> None:
        with translate_db_errors():
            async with postgresql.write.begin() as connection:
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({first})"))
                await asyncio.sleep(0.05)
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({second})"))

    answers = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, FlexuraError)]
    assert refused
    assert {error.kind for error in refused} == {Kind.BUSY}


async def test_a_table_that_a_migration_changes_is_busy_once_and_works_again(postgresql: Database) -> None:
    await execute(postgresql, "CREATE TABLE things (name text)")
    for _ in range(3):
        await execute(postgresql, "SELECT * FROM things")
    async with postgresql.read.begin() as other:
        await other.execute(text("ALTER TABLE things ADD COLUMN size integer"))

    assert await refusal(postgresql, "SELECT * FROM things") == (Kind.BUSY, Reason.SERVICE_UNAVAILABLE)
    await execute(postgresql, "SELECT * FROM things")


async def test_a_wrong_statement_stays_an_error_of_ours(postgresql: Database) -> None:
    with pytest.raises(exc.ProgrammingError):
        await execute(postgresql, "SELECT * FROM nowhere")
    with pytest.raises(exc.IntegrityError):
        await execute(postgresql, "DO $$ BEGIN RAISE unique_violation; END $$")
