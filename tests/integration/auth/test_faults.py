"""PostgreSQL dies under a running auth service: every call is BUSY until it is back, and then they work."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from servers.postgres import PostgresServer, postgres_server

from flexura_auth.service.auth import Auth
from flexura_auth.store import SQLKeyStore
from flexura_auth.wakeups import NATSWakeups
from flexura_auth.wiring import MIGRATIONS, SERVICE
from flexura_kit import apikeys
from flexura_kit.bus import Bus
from flexura_kit.clock import utc_now
from flexura_kit.db import database, migrate
from flexura_kit.errors import FlexuraError, Kind, Reason


@dataclass(frozen=True)
class Service:
    auth: Auth
    postgres: PostgresServer


@pytest_asyncio.fixture
async def service() -> AsyncIterator[Service]:
    async with postgres_server() as postgres, postgres.database() as own:
        settings = own.settings
        async with database(settings, SERVICE) as data:
            await migrate(data, SERVICE, MIGRATIONS)
            # A bus that never connects: these tests are not about wake-ups.
            yield Service(Auth(SQLKeyStore(data), NATSWakeups(Bus(SERVICE)), utc_now), postgres)


async def test_calls_are_busy_while_postgresql_is_down_and_work_once_it_is_back(service: Service) -> None:
    account = await service.auth.create_account("first", "")
    new = await service.auth.create_api_key(account.account_id, "")
    refusals: list[FlexuraError] = []
    await service.postgres.process.kill()

    for call in (
        lambda: service.auth.verify_api_keys([apikeys.digest(new.secret)]),
        lambda: service.auth.create_api_key(account.account_id, ""),
    ):
        with pytest.raises(FlexuraError) as refused:
            await call()
        refusals.append(refused.value)
    starting = asyncio.create_task(service.postgres.process.start())
    async with asyncio.timeout(20):
        while not await answers(service, new.secret, refusals):
            await asyncio.sleep(0.01)
    await starting

    assert {(error.kind, error.reason) for error in refusals} == {(Kind.BUSY, Reason.SERVICE_UNAVAILABLE)}


async def answers(service: Service, secret: str, refusals: list[FlexuraError]) -> bool:
    try:
        [key] = (await service.auth.verify_api_keys([apikeys.digest(secret)])).verdicts
    except FlexuraError as error:
        refusals.append(error)
        return False
    return not isinstance(key, FlexuraError)
