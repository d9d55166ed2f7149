"""The engines on real SQLite and PostgreSQL: what is in force, and what concurrent writers lose (nothing)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Integer, column, select, table, text

from flexura_kit.db import Database, database, translate_db_errors
from flexura_kit.errors import FlexuraError, Kind
from flexura_kit.settings import DatabaseSettings


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseSettings:
    if request.param == "sqlite":
        return DatabaseSettings(url=f"sqlite:///{tmp_path}/x.db")
    postgres = request.getfixturevalue("postgres")
    return DatabaseSettings(url=postgres.url, password_file=postgres.password_file, lock_timeout_s=30)


@pytest_asyncio.fixture
async def opened(settings: DatabaseSettings) -> AsyncIterator[Database]:
    async with database(settings, "kit") as opened_database:
        async with opened_database.write.begin() as connection:
            if opened_database.dialect == "postgresql":
                await connection.execute(text("CREATE SCHEMA kit"))
            await connection.execute(text("CREATE TABLE counter (value integer NOT NULL)"))
            await connection.execute(text("INSERT INTO counter VALUES (0)"))
        yield opened_database


async def value(opened: Database) -> int:
    async with opened.read.connect() as connection:
        found = await connection.execute(text("SELECT value FROM counter"))
        return int(found.scalar_one())


async def test_no_increment_is_lost_among_many_writers(opened: Database) -> None:
    async def increment() -> None:
        for _ in range(10):
            async with opened.write.begin() as connection:
                locked = select(column("value", Integer)).select_from(table("counter")).with_for_update()
                before = (await connection.execute(locked)).scalar_one()
                await asyncio.sleep(0)
                await connection.execute(text("UPDATE counter SET value = :value"), {"value": before + 1})

    await asyncio.gather(*(increment() for _ in range(20)))
    assert await value(opened) == 200


async def test_an_exception_rolls_back_all_of_a_transaction(opened: Database) -> None:
    async def break_off() -> None:
        async with opened.write.begin() as connection:
            await connection.execute(text("UPDATE counter SET value = 5"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    assert await value(opened) == 0


async def test_a_reader_sees_the_last_commit_and_does_not_wait_for_a_writer(opened: Database) -> None:
    async with opened.write.begin() as connection:
        await connection.execute(text("UPDATE counter SET value = 7"))
        assert await asyncio.wait_for(value(opened), 2) == 0
    assert await value(opened) == 7


async def test_cancelled_queries_leave_no_connection_taken(opened: Database) -> None:
    for _ in range(30):
        task = asyncio.create_task(value(opened))
        await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await value(opened) == 0
    assert opened.read.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_what_was_set_is_in_force(opened: Database) -> None:
    async with opened.write.connect() as connection:
        if opened.dialect == "sqlite":
            wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
            wanted["mmap_size"] = 128 << 20
            query = "PRAGMA {}"
        else:
            wanted = {"lock_timeout": "30s", "statement_timeout": "10s", "search_path": "kit", "TimeZone": "UTC"}
            wanted["idle_in_transaction_session_timeout"] = "10s"
            query = "SHOW {}"
        in_force = {name: (await connection.execute(text(query.format(name)))).scalar_one() for name in wanted}
    assert in_force == wanted


async def test_a_database_that_cannot_be_reached_is_busy(tmp_path: Path) -> None:
    for url in ("postgresql://nobody@127.0.0.1:1/none", f"sqlite:///{tmp_path}/no/such/folder/x.db"):
        async with database(DatabaseSettings(url=url), "kit") as unreachable:
            with pytest.raises(FlexuraError) as caught, translate_db_errors():
                async with unreachable.read.connect():
                    pass
        assert caught.value.kind is Kind.BUSY
