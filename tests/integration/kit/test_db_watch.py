"""A service whose database is gone says that it is not ready, and says it no more once the database is back."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from servers.postgres import PostgresDatabase, postgres_server
from servers.waiting import eventually
from sqlalchemy import exc, text

from flexura_kit.db import Database, DatabaseWatch, database, transactions
from flexura_kit.errors import FlexuraError
from flexura_kit.settings import DatabaseSettings


async def test_readiness_follows_a_postgresql_that_is_killed_and_started_again() -> None:
    async with postgres_server() as server, server.database() as own:
        settings = own.settings
        async with database(settings, "public") as opened:
            watch = DatabaseWatch(opened)
            watching = asyncio.create_task(watch.run())

            await server.process.kill()
            await eventually(lambda: "cannot be used at present" in (watch.why_not_ready() or ""), within_s=15)
            await server.process.start()
            await eventually(lambda: watch.why_not_ready() is None, within_s=15)

            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


async def test_a_database_that_answers_is_ready(tmp_path: Path) -> None:
    async with database(DatabaseSettings(url=f"sqlite:///{tmp_path}/kit.db"), "kit") as opened:
        watch = DatabaseWatch(opened)
        watching = asyncio.create_task(watch.run())
        try:
            await eventually(lambda: watch.why_not_ready() is None, within_s=15)
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


async def fail_to_write(opened: Database, limit: str) -> None:
    """Has the database refuse writes, and has one be refused."""
    async with opened.write.connect() as connection:
        await connection.execute(text(limit))
        await connection.commit()
        with pytest.raises(exc.DBAPIError):
            await connection.execute(text("CREATE TABLE more AS SELECT 'x' AS y"))


async def test_a_full_sqlite_that_can_be_read_is_ready_and_says_that_it_takes_no_writes(tmp_path: Path) -> None:
    async with database(DatabaseSettings(url=f"sqlite:///{tmp_path}/kit.db"), "kit") as opened:
        watch = DatabaseWatch(opened)
        assert watch.why_impaired() is None

        await fail_to_write(opened, "PRAGMA max_page_count=1")

        assert "takes no writes: database or disk is full; make room" in (watch.why_impaired() or "")
        assert watch.why_not_ready() is None
        # Writes that do not fail are not heard of: a while without a failure says that there is room.
        await eventually(lambda: watch.why_impaired() is None, within_s=30)


async def test_a_full_sqlite_is_noticed_by_the_writing_thread_too(tmp_path: Path) -> None:
    settings = DatabaseSettings(url=f"sqlite:///{tmp_path}/kit.db")
    async with database(settings, "kit") as opened, transactions(settings, opened) as tx:
        await tx.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1"))
        with pytest.raises(FlexuraError):
            await tx.write(lambda connection: connection.exec_driver_sql("CREATE TABLE more (y)"))

        assert "make room on its disk" in (DatabaseWatch(opened).why_impaired() or "")


async def test_a_postgresql_that_is_a_standby_says_that_it_takes_no_writes(postgres: PostgresDatabase) -> None:
    async with database(postgres.settings, "public") as opened:
        await fail_to_write(opened, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")

        assert "name the primary in FLEXURA_DATABASE_URL" in (DatabaseWatch(opened).why_impaired() or "")
