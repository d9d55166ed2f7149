"""The auth service as a process: what it says, what it never says, and how it stops."""

import base64
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from servers.process import ServerProcess

from flexura.auth.v1 import auth_service_pb2 as pb
from flexura.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from flexura_kit import apikeys
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.rpc import rpc_channel

TIMEOUT_S = 10.0


class AuthProcess:
    def __init__(self, folder: Path) -> None:
        self.socket = f"unix:{folder}/auth.sock"
        self.database = folder / "auth.db"
        environment = {
            "FLEXURA_RPC_LISTEN": self.socket,
            "FLEXURA_DATABASE_URL": f"sqlite:///{self.database}",
            "FLEXURA_NATS_URL": "nats://127.0.0.1:1",
            "FLEXURA_LOG_LEVEL": "debug",
            "FLEXURA_LOG_FORMAT": "json",
        }
        command = [sys.executable, "-m", "flexura_auth"]
        self.process = ServerProcess(command, folder / "log", self.why_not_ready, environment=environment)

    async def why_not_ready(self) -> str | None:
        async with grpc.aio.insecure_channel(self.socket) as channel:
            try:
                request = health_pb2.HealthCheckRequest()
                answer = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=TIMEOUT_S)
            except grpc.aio.AioRpcError as error:
                return error.code().name
        return None if answer.status == health_pb2.HealthCheckResponse.SERVING else "not serving"

    @asynccontextmanager
    async def stub(self) -> AsyncIterator[AuthServiceStub]:
        async with rpc_channel(self.socket) as channel:
            yield AuthServiceStub(channel)

    def execute(self, *statements: str) -> None:
        connection = sqlite3.connect(self.database)
        try:
            for statement in statements:
                connection.execute(statement)
            connection.commit()
        finally:
            connection.close()


@asynccontextmanager
async def auth_process(folder: Path) -> AsyncIterator[AuthProcess]:
    auth = AuthProcess(folder)
    await auth.process.start()
    try:
        yield auth
    finally:
        await auth.process.stop()


async def new_key(stub: AuthServiceStub) -> pb.CreateApiKeyResponse:
    account = await stub.CreateAccount(pb.CreateAccountRequest(request_id="first"), timeout=TIMEOUT_S)
    request = pb.CreateApiKeyRequest(account_id=account.account.account_id, display_name="Planted Name")
    return await stub.CreateApiKey(request, timeout=TIMEOUT_S)


def spellings(secret: str) -> set[str]:
    """Every way in which a key or its digest could stand in a log."""
    digest = apikeys.digest(secret)
    plain = {secret, secret[12:], digest.hex(), base64.b64encode(digest).decode(), repr(digest)[2:-1]}
    # As text inside JSON, backslashes are doubled.
    return plain | {spelling.replace("\\", "\\\\") for spelling in plain}


async def test_no_log_line_holds_a_key_a_digest_or_a_name_even_when_the_database_fails(tmp_path: Path) -> None:
    secrets = []
    async with auth_process(tmp_path) as auth, auth.stub() as stub:
        key = await new_key(stub)
        account_id, key_id = key.api_key.account_id, key.api_key.key_id
        rotation = pb.RotateApiKeyRequest(account_id=account_id, key_id=key_id)
        rotated = await stub.RotateApiKey(rotation, timeout=TIMEOUT_S)
        secrets = [key.secret, rotated.secret, apikeys.new_secret()]
        verification = pb.BatchVerifyApiKeysRequest(digests=map(apikeys.digest, secrets))
        await stub.BatchVerifyApiKeys(verification, timeout=TIMEOUT_S)
        # An error of a statement is logged with its statement: what went into it must not be.
        auth.execute(
            "CREATE TRIGGER refusal BEFORE INSERT ON api_keys BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"
        )
        with pytest.raises(FlexuraError) as crashed:
            await new_key(stub)
        auth.execute("ALTER TABLE api_keys RENAME COLUMN digest TO gone")
        with pytest.raises(FlexuraError) as unusable:
            await stub.BatchVerifyApiKeys(verification, timeout=TIMEOUT_S)

    log = auth.process.log_text
    assert "refused by the test" in log
    assert account_id in log
    assert [spelling for secret in secrets for spelling in spellings(secret) if spelling in log] == []
    assert "Planted Name" not in log
    assert crashed.value.reason is Reason.INTERNAL
    assert unusable.value.reason in (Reason.INTERNAL, Reason.SERVICE_UNAVAILABLE)
    for error in (crashed.value, unusable.value):
        assert "api_keys" not in error.message


async def test_keys_outlive_a_kill(tmp_path: Path) -> None:
    async with auth_process(tmp_path) as auth:
        async with auth.stub() as stub:
            key = await new_key(stub)
        await auth.process.kill()
        await auth.process.start()

        async with auth.stub() as stub:
            request = pb.BatchVerifyApiKeysRequest(digests=[apikeys.digest(key.secret)])
            answer = await stub.BatchVerifyApiKeys(request, timeout=TIMEOUT_S)

    assert answer.results[0].api_key == key.api_key


async def test_a_file_that_is_no_database_stops_the_start(tmp_path: Path) -> None:
    auth = AuthProcess(tmp_path)
    auth.database.write_text("not a database, by any means" * 100)

    with pytest.raises(RuntimeError, match="not a database"):
        await auth.process.start()


async def test_a_locked_database_is_busy_and_not_a_fault(tmp_path: Path) -> None:
    async with auth_process(tmp_path) as auth, auth.stub() as stub:
        key = await new_key(stub)
        other = sqlite3.connect(auth.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        request = pb.RevokeApiKeyRequest(account_id=key.api_key.account_id, key_id=key.api_key.key_id)
        with pytest.raises(FlexuraError) as refused:
            await stub.RevokeApiKey(request, timeout=TIMEOUT_S)
        other.close()

    assert (refused.value.kind, refused.value.reason) == (Kind.BUSY, Reason.SERVICE_UNAVAILABLE)
