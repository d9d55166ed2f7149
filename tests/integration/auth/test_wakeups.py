"""Revocations are told over NATS after they are committed, and a revocation never fails for want of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import nats
import orjson
import pytest_asyncio
from nats.aio.client import Client
from prometheus_client import REGISTRY
from servers.nats import NATSServer

from flexura_auth.service.auth import Auth
from flexura_auth.store import SQLKeyStore
from flexura_auth.wakeups import KEY_REVOKED, NATSWakeups
from flexura_auth.wiring import MIGRATIONS, SERVICE
from flexura_kit.bus import Bus, bus
from flexura_kit.clock import utc_now
from flexura_kit.db import database, migrate
from flexura_kit.ids import AccountId
from flexura_kit.settings import DatabaseSettings


def unsent() -> float:
    return REGISTRY.get_sample_value("flexura_auth_wakeups_unsent_total") or 0.0


class Revocations:
    """Auth with a bus of its own, and a listener beside it."""

    def __init__(self, auth: Auth, connection: Bus, listener: Client) -> None:
        self.auth = auth
        self.bus = connection
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.listener = listener

    async def next_heard(self) -> str:
        async with asyncio.timeout(5):
            return await self.heard.get()

    async def account(self) -> AccountId:
        return (await self.auth.create_account("first", "")).account_id

    async def until_connected(self) -> None:
        async with asyncio.timeout(10):
            while not self.bus.is_connected:
                await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def revocations(own_nats: NATSServer, tmp_path: Path) -> AsyncIterator[Revocations]:
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(database(DatabaseSettings(url=f"sqlite:///{tmp_path}/auth.db"), SERVICE))
        await migrate(data, SERVICE, MIGRATIONS)
        settings = own_nats.settings
        connection = await stack.enter_async_context(bus(settings, SERVICE))
        listener = await nats.connect(own_nats.url, user=own_nats.user, password=own_nats.password)
        stack.push_async_callback(listener.close)
        revocations = Revocations(Auth(SQLKeyStore(data), NATSWakeups(connection), utc_now), connection, listener)

        async def hear(message: nats.aio.msg.Msg) -> None:
            revocations.heard.put_nowait(orjson.loads(message.data)["key_id"])

        await listener.subscribe(KEY_REVOKED, cb=hear)
        await listener.flush()
        await revocations.until_connected()
        yield revocations


async def test_a_revocation_is_told_and_told_again_when_repeated(revocations: Revocations) -> None:
    account_id = await revocations.account()
    key_id = (await revocations.auth.create_api_key(account_id, "")).key.key_id

    for _ in range(2):
        await revocations.auth.revoke_api_key(account_id, key_id)
        assert await revocations.next_heard() == key_id


async def test_a_rotation_is_told_where_the_old_key_stops_at_once(revocations: Revocations) -> None:
    account_id = await revocations.account()
    kept = (await revocations.auth.create_api_key(account_id, "")).key.key_id
    replaced = (await revocations.auth.create_api_key(account_id, "")).key.key_id

    await revocations.auth.rotate_api_key(account_id, kept, timedelta(hours=1))
    await revocations.auth.rotate_api_key(account_id, replaced, timedelta())

    # Told in the order of the calls: had the first one been told, it would have come first.
    assert await revocations.next_heard() == replaced


async def test_with_nats_killed_a_revocation_succeeds_and_is_counted_as_unsent(
    revocations: Revocations, own_nats: NATSServer
) -> None:
    account_id = await revocations.account()
    key_id = (await revocations.auth.create_api_key(account_id, "")).key.key_id
    before = unsent()
    await own_nats.process.kill()

    key = await revocations.auth.revoke_api_key(account_id, key_id)

    assert key.revoke_time is not None
    assert unsent() == before + 1


async def test_with_nats_frozen_a_revocation_takes_little_longer(
    revocations: Revocations, own_nats: NATSServer
) -> None:
    account_id = await revocations.account()
    key_id = (await revocations.auth.create_api_key(account_id, "")).key.key_id
    own_nats.process.pause()
    began = time.monotonic()

    await revocations.auth.revoke_api_key(account_id, key_id)

    assert time.monotonic() - began < 3
    own_nats.process.resume()


async def test_after_nats_came_back_revocations_are_told_again(revocations: Revocations, own_nats: NATSServer) -> None:
    account_id = await revocations.account()
    key_id = (await revocations.auth.create_api_key(account_id, "")).key.key_id
    await own_nats.process.kill()
    await revocations.auth.revoke_api_key(account_id, key_id)
    await own_nats.process.start()
    async with asyncio.timeout(20):
        while not (revocations.bus.is_connected and revocations.listener.is_connected):
            await asyncio.sleep(0.05)
    await revocations.listener.flush()

    await revocations.auth.revoke_api_key(account_id, key_id)

    assert await revocations.next_heard() == key_id
