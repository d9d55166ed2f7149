"""What happens to a key in auth is felt by who calls with it, at the public door."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import aiohttp
import pytest_asyncio
from servers.installation import Installation
from servers.waiting import eventually

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from flexura_kit.ids import new_uuid7
from flexura_kit.rpc import rpc_channel, to_duration

TIMEOUT_S = 10.0
FELT_WITHIN_S = 2.0


@dataclass(frozen=True)
class Owner:
    """An account with keys, and a client that carries none by itself."""

    account_id: str
    auth: AuthServiceStub
    session: aiohttp.ClientSession
    url: str

    async def key(self) -> pb.CreateApiKeyResponse:
        return await self.auth.CreateApiKey(pb.CreateApiKeyRequest(account_id=self.account_id), timeout=TIMEOUT_S)

    async def code(self, secret: str) -> str:
        """Asks for a job that does not exist: who may ask is told so, others are told why not."""
        url, headers = f"{self.url}/api/jobs/{new_uuid7()}", {"Authorization": f"Bearer {secret}"}
        async with self.session.get(url, headers=headers) as answer:
            problem = await answer.json()
            known = answer.status == HTTPStatus.NOT_FOUND
            assert known or answer.headers["WWW-Authenticate"].startswith("Bearer"), problem
            return problem["code"]


@pytest_asyncio.fixture
async def owner(flexura: Installation) -> AsyncIterator[Owner]:
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(rpc_channel(f"unix:{flexura.home.sockets}/auth.sock"))
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        auth = AuthServiceStub(channel)
        made = await auth.CreateAccount(pb.CreateAccountRequest(request_id=secrets.token_hex(8)), timeout=TIMEOUT_S)
        yield Owner(made.account.account_id, auth, session, flexura.url)


async def test_a_revoked_key_is_refused_at_once_though_the_edge_had_cached_it(owner: Owner) -> None:
    key = await owner.key()
    assert [await owner.code(key.secret) for _ in range(3)] == ["job_not_found"] * 3

    request = pb.RevokeApiKeyRequest(account_id=owner.account_id, key_id=key.api_key.key_id)
    await owner.auth.RevokeApiKey(request, timeout=TIMEOUT_S)

    async def is_refused() -> bool:
        return await owner.code(key.secret) == "api_key_revoked"

    await eventually(is_refused, within_s=FELT_WITHIN_S)
    assert await owner.code((await owner.key()).secret) == "job_not_found"


async def test_a_key_replaced_without_overlap_is_refused_at_once_and_its_successor_works(owner: Owner) -> None:
    old = await owner.key()
    assert await owner.code(old.secret) == "job_not_found"

    request = pb.RotateApiKeyRequest(account_id=owner.account_id, key_id=old.api_key.key_id)
    new = await owner.auth.RotateApiKey(request, timeout=TIMEOUT_S)

    async def is_refused() -> bool:
        return await owner.code(old.secret) == "api_key_expired"

    assert await owner.code(new.secret) == "job_not_found"
    await eventually(is_refused, within_s=FELT_WITHIN_S)


async def test_a_key_in_its_overlap_works_beside_its_successor_until_the_overlap_is_over(owner: Owner) -> None:
    old = await owner.key()
    overlap = timedelta(seconds=2)
    request = pb.RotateApiKeyRequest(
        account_id=owner.account_id, key_id=old.api_key.key_id, overlap=to_duration(overlap)
    )
    new = await owner.auth.RotateApiKey(request, timeout=TIMEOUT_S)

    assert [await owner.code(secret) for secret in (old.secret, new.secret)] == ["job_not_found"] * 2
    await asyncio.sleep(overlap.total_seconds())

    assert await owner.code(old.secret) == "api_key_expired"
    assert await owner.code(new.secret) == "job_not_found"
