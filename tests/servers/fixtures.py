"""pytest fixtures over the real servers: one of each per session, and the small thing of it that a test owns."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from flexura_kit.settings import DatabaseSettings
from servers.nats import NATSServer, nats_server
from servers.postgres import PostgresDatabase, PostgresServer, postgres_server
from servers.s3 import S3Server, s3_server

SQL = ["sqlite", "postgresql"]


@pytest.fixture(params=SQL)
def database_settings(request: pytest.FixtureRequest, tmp_path: Path) -> DatabaseSettings:
    """A fresh database, once of each kind."""
    return fresh_database(request, tmp_path)


def fresh_database(request: pytest.FixtureRequest, folder: Path) -> DatabaseSettings:
    """For fixtures that have a database of the kind that their parameter names."""
    if request.param == "sqlite":
        return DatabaseSettings(url=f"sqlite:///{folder}/record.db")
    settings: DatabaseSettings = request.getfixturevalue("postgres").settings
    return settings


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_nats(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NATSServer]:
    """One broker for all: neither kill it nor rely on its streams being yours."""
    async with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_s3(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[S3Server]:
    """One store for all: neither kill it nor rely on its bucket being empty."""
    async with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_postgres() -> AsyncIterator[PostgresServer]:
    """One server for all; a test takes a database of its own from it."""
    async with postgres_server() as server:
        yield server


@pytest_asyncio.fixture
async def postgres(shared_postgres: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    """A fresh database, dropped after the test."""
    async with shared_postgres.database() as database:
        yield database


@pytest_asyncio.fixture
async def own_nats(tmp_path: Path) -> AsyncIterator[NATSServer]:
    """A broker that the test may kill, pause and empty."""
    async with nats_server(tmp_path) as server:
        yield server


@pytest_asyncio.fixture
async def own_s3(tmp_path: Path) -> AsyncIterator[S3Server]:
    """A store that the test may kill, pause and empty."""
    async with s3_server(tmp_path) as server:
        yield server
