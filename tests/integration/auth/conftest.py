"""The auth service's door over each database: the real server, the real interceptors, a clock that can be moved."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from servers.nats import NATSServer

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from flexura_auth.rpc import auth_service
from flexura_auth.service.auth import Auth
from flexura_auth.store import SQLKeyStore
from flexura_auth.wakeups import NATSWakeups
from flexura_auth.wiring import MIGRATIONS, SERVICE
from flexura_kit.bus import bus
from flexura_kit.db import Database, database, migrate
from flexura_kit.rpc import rpc_channel, rpc_server
from flexura_kit.settings import DatabaseSettings, RPCServerSettings

TIMEOUT_S = 10.0


class MovableClock:
    def __init__(self) -> None:
        self._now = datetime(2026, 4, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        # Each look is a microsecond later, as on a real clock.
        self._now += timedelta(microseconds=1)
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by


@dataclass(frozen=True)
class Door:
    """What a test needs: a stub that calls over TCP, the clock and the database behind it."""

    stub: AuthServiceStub
    clock: MovableClock
    data: Database
    target: str

    async def account(self, request_id: str = "first") -> str:
        request = pb.CreateAccountRequest(request_id=request_id)
        return (await self.stub.CreateAccount(request, timeout=TIMEOUT_S)).account.account_id

    async def key(self, account_id: str, display_name: str = "") -> pb.CreateApiKeyResponse:
        request = pb.CreateApiKeyRequest(account_id=account_id, display_name=display_name)
        return await self.stub.CreateApiKey(request, timeout=TIMEOUT_S)

    async def verify(self, *digests: bytes) -> list[pb.VerifyApiKeyResult]:
        request = pb.BatchVerifyApiKeysRequest(digests=digests)
        return list((await self.stub.BatchVerifyApiKeys(request, timeout=TIMEOUT_S)).results)


@pytest_asyncio.fixture
async def data(database_settings: DatabaseSettings) -> AsyncIterator[Database]:
    async with database(database_settings, SERVICE) as opened:
        await migrate(opened, SERVICE, MIGRATIONS)
        yield opened


@pytest_asyncio.fixture
async def door(data: Database, shared_nats: NATSServer) -> AsyncIterator[Door]:
    async with AsyncExitStack() as stack:
        settings = shared_nats.settings
        wakeups = NATSWakeups(await stack.enter_async_context(bus(settings, SERVICE)))
        clock = MovableClock()
        server = rpc_server(
            RPCServerSettings(listen="127.0.0.1:0"), [auth_service(Auth(SQLKeyStore(data), wakeups, clock))]
        )
        await server.start()
        stack.push_async_callback(server.stop)
        target = f"127.0.0.1:{server.port}"
        channel = await stack.enter_async_context(rpc_channel(target))
        yield Door(AuthServiceStub(channel), clock, data, target)
