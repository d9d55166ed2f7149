"""The jobs service's stores over each database, with their writer running."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from integration.jobs.peers import Stores

from flexura_jobs.wiring import MIGRATIONS, SERVICE
from flexura_kit.db import Database, database, migrate, transactions
from flexura_kit.settings import DatabaseSettings


@pytest.fixture(params=["sqlite", "postgresql"])
def database_settings(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseSettings:
    if request.param == "sqlite":
        return DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")
    postgres = request.getfixturevalue("postgres")
    return DatabaseSettings(url=postgres.url, password_file=postgres.password_file)


@pytest_asyncio.fixture
async def data(database_settings: DatabaseSettings) -> AsyncIterator[Database]:
    async with database(database_settings, SERVICE) as opened:
        await migrate(opened, SERVICE, MIGRATIONS)
        yield opened


@pytest_asyncio.fixture
async def stores(data: Database, database_settings: DatabaseSettings) -> AsyncIterator[Stores]:
    async with transactions(database_settings, data) as tx:
        opened = Stores.over(tx)
        writing = asyncio.create_task(opened.writer.run())
        yield opened
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing
