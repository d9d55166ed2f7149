"""Whole transactions on real SQLite and PostgreSQL: what commits, what rolls back, and what remains at the end."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection, Integer, column, select, table, text

from flexura_kit.db import Transactions, database, transactions
from flexura_kit.errors import FlexuraError, Kind
from flexura_kit.settings import DatabaseSettings


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseSettings:
    if request.param == "sqlite":
        return DatabaseSettings(url=f"sqlite:///{tmp_path}/x.db")
    postgres = request.getfixturevalue("postgres")
    return DatabaseSettings(url=postgres.url, password_file=postgres.password_file, lock_timeout_s=30)


@pytest_asyncio.fixture
async def tx(settings: DatabaseSettings) -> AsyncIterator[Transactions]:
    async with database(settings, "kit") as opened, transactions(settings, opened) as running:
        if running.dialect == "postgresql":
            await running.write(make_schema)
        await running.write(make_counter)
        yield running


def make_schema(connection: Connection) -> None:
    connection.execute(text("CREATE SCHEMA kit"))


def make_counter(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE counter (value integer NOT NULL)"))
    connection.execute(text("INSERT INTO counter VALUES (0)"))


def value(connection: Connection) -> int:
    return int(connection.execute(text("SELECT value FROM counter")).scalar_one())


def increment(connection: Connection) -> None:
    locked = select(column("value", Integer)).select_from(table("counter")).with_for_update()
    before = connection.execute(locked).scalar_one()
    connection.execute(text("UPDATE counter SET value = :value"), {"value": before + 1})


async def test_no_increment_is_lost_among_many_writers(tx: Transactions) -> None:
    await asyncio.gather(*(tx.write(increment) for _ in range(200)))
    assert await tx.read(value) == 200


async def test_an_exception_rolls_back_all_of_a_transaction(tx: Transactions) -> None:
    def break_off(connection: Connection) -> None:
        increment(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await tx.write(break_off)
    assert await tx.read(value) == 0


async def test_a_look_up_sees_what_was_committed_before_it(tx: Transactions) -> None:
    statement = text("SELECT value FROM counter WHERE value >= :least")
    for count in (1, 2):
        await tx.write(increment)
        assert [row.value for row in await tx.look_up(statement, {"least": 1})] == [count]


async def test_a_look_up_in_a_locked_file_waits_without_holding_up_the_loop(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    locked = sqlite3.connect(path, isolation_level=None)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA locking_mode=EXCLUSIVE", "CREATE TABLE counter (value)"):
        locked.execute(statement)
    settings = DatabaseSettings(url=f"sqlite:///{path}")
    async with database(settings, "kit") as opened, transactions(settings, opened) as running:
        looking = asyncio.create_task(running.look_up(text("SELECT count(*) AS found FROM counter"), {}))
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert not looking.done()
        locked.close()
        async with asyncio.timeout(5):
            assert [row.found for row in await looking] == [0]


async def test_what_a_reader_changes_is_not_kept(tx: Transactions) -> None:
    await tx.read(increment)
    assert await tx.read(value) == 0


async def test_a_caller_who_gives_up_does_not_disturb_the_next(tx: Transactions) -> None:
    given_up = [asyncio.create_task(tx.write(increment)) for _ in range(20)]
    await asyncio.sleep(0)
    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    before = await tx.read(value)
    await tx.write(increment)
    assert await tx.read(value) >= before + 1


async def test_no_thread_is_left_behind(settings: DatabaseSettings) -> None:
    async with database(settings, "kit") as opened, transactions(settings, opened) as running:
        await running.read(lambda connection: connection.execute(text("SELECT 1")).all())
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("sqlite-")] == []


async def test_a_database_that_cannot_be_opened_is_busy(tmp_path: Path) -> None:
    settings = DatabaseSettings(url=f"sqlite:///{tmp_path}/nowhere/x.db")
    async with database(settings, "kit") as opened, transactions(settings, opened) as running:
        with pytest.raises(FlexuraError) as refused:
            await running.read(value)
    assert refused.value.kind is Kind.BUSY
