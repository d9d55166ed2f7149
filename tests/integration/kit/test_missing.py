"""What is missing is said by name: a table, a database file, a bucket, a broker's password, a key file."""

import asyncio
import contextlib
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from servers.nats import NATSServer
from servers.postgres import PostgresDatabase
from servers.s3 import S3Server
from servers.waiting import eventually
from sqlalchemy import text

from flexura.status.v1 import status_service_pb2
from flexura.status.v1.status_service_pb2_grpc import StatusServiceStub
from flexura_kit.blob import blobs, store_watch
from flexura_kit.bus import bus
from flexura_kit.db import Database, DatabaseWatch, database
from flexura_kit.lifecycle import Lifecycle
from flexura_kit.rpc import rpc_server
from flexura_kit.secret_files import NamedFiles
from flexura_kit.settings import BlobSettings, BusSettings, DatabaseSettings, RPCServerSettings, Settings


class ExampleSettings(Settings):
    nats: BusSettings = BusSettings()
    s3: BlobSettings = BlobSettings()


@asynccontextmanager
async def watching(settings: DatabaseSettings, *tables: str) -> AsyncIterator[tuple[Database, DatabaseWatch]]:
    async with database(settings, "public") as opened:
        for table in tables:
            await execute(opened, f"CREATE TABLE {table} (id INTEGER)")
        watch = DatabaseWatch(opened, tables)
        running = asyncio.create_task(watch.run())
        try:
            yield opened, watch
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


async def execute(opened: Database, statement: str) -> None:
    async with opened.write.begin() as connection:
        await connection.execute(text(statement))


async def test_table_that_is_gone_is_named_until_it_is_back(database_settings: DatabaseSettings) -> None:
    async with watching(database_settings, "jobs", "events") as (opened, watch):
        await execute(opened, "DROP TABLE events")
        await eventually(lambda: "has no table events; restore a backup" in (watch.why_not_ready() or ""))
        await execute(opened, "CREATE TABLE events (id INTEGER)")
        await eventually(lambda: watch.why_not_ready() is None)


@pytest.mark.heavy
async def test_database_file_that_is_deleted_or_replaced_is_named(tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    async with watching(DatabaseSettings(url=f"sqlite:///{file}"), "jobs") as (_, watch):
        await eventually(lambda: watch._inode is not None)  # noqa: SLF001 - it has looked at the file once.
        kept = file.rename(tmp_path / "kept")
        await eventually(lambda: f"its file {file} is gone" in (watch.why_not_ready() or ""))
        file.touch()
        await eventually(lambda: f"its file {file} was replaced" in (watch.why_not_ready() or ""))
        kept.rename(file)
        await eventually(lambda: watch.why_not_ready() is None)


async def test_database_that_does_not_exist_is_named(postgres: PostgresDatabase) -> None:
    settings = DatabaseSettings(url=f"{postgres.url}_no", password_file=postgres.password_file)
    async with watching(settings) as (_, watch):
        await eventually(lambda: "_no" in (watch.why_not_ready() or "") and "does not exist" in str(watch._trouble))  # noqa: SLF001


async def test_refused_password_of_the_database_names_its_setting(postgres: PostgresDatabase, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    async with watching(DatabaseSettings(url=postgres.url, password_file=wrong)) as (_, watch):
        await eventually(lambda: "FLEXURA_DATABASE_PASSWORD_FILE" in (watch.why_not_ready() or ""))
        assert "wrong" not in str(watch.why_not_ready())


async def test_bucket_that_is_missing_is_named_until_it_is_there(shared_s3: S3Server) -> None:
    bucket = f"b{secrets.token_hex(6)}"
    settings = shared_s3.settings.model_copy(update={"bucket": bucket})
    async with blobs(settings) as store:
        assert f"has no bucket {bucket}; create it" in str(await store.trouble())
        await store.ensure_bucket()
        assert await store.trouble() is None


async def test_refused_keys_of_the_store_name_their_settings(shared_s3: S3Server, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong-secret")
    async with blobs(shared_s3.settings.model_copy(update={"secret_key_file": wrong})) as store:
        trouble = str(await store.trouble())
    assert shared_s3.endpoint in trouble
    assert "FLEXURA_S3_SECRET_KEY_FILE" in trouble


async def test_store_that_nobody_runs_is_named_by_its_address() -> None:
    async with store_watch(BlobSettings(endpoint="127.0.0.1:1")) as watch:
        running = asyncio.create_task(watch.run())
        await eventually(lambda: "the object store at 127.0.0.1:1 cannot be reached" in (watch.trouble() or ""))
        running.cancel()


async def test_refused_password_of_the_broker_names_its_setting(shared_nats: NATSServer, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    async with bus(BusSettings(url=shared_nats.url, user="flexura", password_file=wrong), "test") as connection:
        await eventually(lambda: "FLEXURA_NATS_PASSWORD_FILE" in (connection.trouble() or ""))
        assert shared_nats.url in str(connection.trouble())


def test_key_file_that_has_gone_is_named_by_its_setting_until_it_is_back(tmp_path: Path) -> None:
    file = tmp_path / "key"
    settings = ExampleSettings(s3=BlobSettings(secret_key_file=file))
    for is_there in (False, True):
        if is_there:
            file.write_text("key")
        why = NamedFiles(settings).why_impaired()
        assert why == (
            None
            if is_there
            else f"FLEXURA_S3_SECRET_KEY_FILE names {file}, which cannot be read: put it back before the next start"
        )


@pytest.mark.parametrize(("content", "why"), [(None, "cannot be read: No such file"), ("", "is empty")])
def test_key_file_that_cannot_be_used_stops_the_start_by_the_name_of_its_setting(
    tmp_path: Path, content: str | None, why: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content)
    environment = {
        "FLEXURA_RPC_LISTEN": f"unix:{tmp_path}/auth.sock",
        "FLEXURA_DATABASE_URL": f"sqlite:///{tmp_path}/auth.db",
        "FLEXURA_NATS_PASSWORD_FILE": str(file),
    }
    command = [sys.executable, "-m", "flexura_auth"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert f"FLEXURA_NATS_PASSWORD_FILE: the file {file} {why}" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_what_a_service_misses_is_told_to_whoever_asks_and_logged(tmp_path: Path) -> None:
    life, socket = Lifecycle(), f"unix:{tmp_path}/s.sock"
    reasons: dict[str, str | None] = {"bucket": "it is not there", "cache": "it is cold"}
    life.ready_checks["bucket"] = lambda: reasons["bucket"]
    life.impaired_checks["cache"] = lambda: reasons["cache"]
    life.serve(rpc_server(RPCServerSettings(listen=socket), []))
    running = asyncio.create_task(life.run_until_stopped())
    async with grpc.aio.insecure_channel(socket) as channel:
        stub = StatusServiceStub(channel)

        async def is_told(missing: dict[str, str], impaired: dict[str, str]) -> bool:
            try:
                answer = await stub.GetStatus(status_service_pb2.GetStatusRequest(), timeout=5)
            except grpc.aio.AioRpcError:
                return False
            return (dict(answer.missing), dict(answer.impaired)) == (missing, impaired)

        await eventually(lambda: is_told({"bucket": "it is not there"}, {"cache": "it is cold"}))
        reasons |= {"bucket": None, "cache": None}
        await eventually(lambda: is_told({}, {}))
    life.stopping.set()
    await running
