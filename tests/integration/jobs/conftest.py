"""The jobs service's stores over each database, and over the one that the simulator plays."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from integration.jobs.peers import SimulatedStores, SQLStores, Stores, running
from servers.fixtures import SQL, fresh_database
from simulator.database import Database as SimulatedDatabase

from flexura_jobs.wiring import MIGRATIONS, SERVICE
from flexura_kit.db import Database, database, migrate, transactions
from flexura_kit.settings import DatabaseSettings


@pytest_asyncio.fixture
async def data(database_settings: DatabaseSettings) -> AsyncIterator[Database]:
    async with database(database_settings, SERVICE) as opened:
        await migrate(opened, SERVICE, MIGRATIONS)
        yield opened


@pytest_asyncio.fixture
async def sql_stores(data: Database, database_settings: DatabaseSettings) -> AsyncIterator[SQLStores]:
    async with transactions(database_settings, data) as tx, running(SQLStores(tx)) as opened:
        yield opened


@pytest_asyncio.fixture
async def sqlite_stores(tmp_path: Path) -> AsyncIterator[SQLStores]:
    settings = DatabaseSettings(url=f"sqlite:///{tmp_path}/jobs.db")
    async with database(settings, SERVICE) as opened:
        await migrate(opened, SERVICE, MIGRATIONS)
        async with transactions(settings, opened) as tx, running(SQLStores(tx)) as stores:
            yield stores


@pytest.fixture(params=[*SQL, "simulated"])
def any_settings(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseSettings | None:
    return None if request.param == "simulated" else fresh_database(request, tmp_path)


@pytest_asyncio.fixture
async def stores(any_settings: DatabaseSettings | None) -> AsyncIterator[Stores]:
    """What the same cases prove of each database and of the simulator's."""
    if any_settings is None:
        yield SimulatedStores(SimulatedDatabase(time.time))
        return
    async with database(any_settings, SERVICE) as opened:
        await migrate(opened, SERVICE, MIGRATIONS)
        async with transactions(any_settings, opened) as tx, running(SQLStores(tx)) as sql_stores:
            yield sql_stores
