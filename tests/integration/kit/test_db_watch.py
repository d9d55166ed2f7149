"""A service whose database is gone says that it is not ready, and says it no more once the database is back."""

import asyncio
import contextlib
from pathlib import Path

from servers.postgres import postgres_server
from servers.waiting import eventually

from flexura_kit.db import DatabaseWatch, database
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
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                await watch.run()

        assert watch.why_not_ready() is None
