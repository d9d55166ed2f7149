"""The starters of real servers do what other tests rely on."""

import asyncio
import io
import subprocess
from pathlib import Path

import asyncpg
import nats
import pytest
from minio import Minio
from servers.nats import NATSServer, nats_server
from servers.postgres import PostgresDatabase, PostgresServer
from servers.s3 import S3Server

from flexura_local.nats import Broker
from flexura_local.ports import free_ports, is_free, taken


async def _connect(server: NATSServer) -> nats.NATS:
    return await nats.connect(server.url, user=server.user, password=server.password_file.read_text())


def _client(server: S3Server, secret: str | None = None) -> Minio:
    return server.client(secret)


async def test_nats_keeps_its_stream_over_a_kill_and_a_start_on_the_same_port(own_nats: NATSServer) -> None:
    client = await _connect(own_nats)
    await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
    await client.jetstream().publish("kept", b"1")
    await client.close()
    await own_nats.process.kill()
    assert is_free(own_nats.port)
    await own_nats.process.start()
    client = await _connect(own_nats)
    assert (await client.jetstream().stream_info("KEPT")).state.messages == 1
    await client.close()


async def test_nats_refuses_a_wrong_password(own_nats: NATSServer, tmp_path: Path) -> None:
    wrong = Broker(tmp_path, own_nats.port, own_nats.user, "wrong")
    assert "Authorization Violation" in str(await wrong.why_not_ready())


async def test_nats_does_not_answer_while_paused(own_nats: NATSServer, tmp_path: Path) -> None:
    broker = Broker(tmp_path, own_nats.port, own_nats.user, own_nats.password)
    own_nats.process.pause()
    assert await broker.why_not_ready() is not None
    own_nats.process.resume()
    assert await broker.why_not_ready() is None


async def test_two_nats_servers_do_not_know_each_other(own_nats: NATSServer, tmp_path: Path) -> None:
    async with nats_server(tmp_path / "second") as second:
        assert second.port != own_nats.port
        assert second.password != own_nats.password


async def test_s3_keeps_its_objects_over_a_kill_and_a_start(own_s3: S3Server) -> None:
    await asyncio.to_thread(_client(own_s3).put_object, own_s3.bucket, "a/b", io.BytesIO(b"kept"), 4)
    await own_s3.process.kill()
    await own_s3.process.start()
    with await asyncio.to_thread(_client(own_s3).get_object, own_s3.bucket, "a/b") as answer:
        assert answer.read() == b"kept"


async def test_s3_refuses_a_wrong_secret(shared_s3: S3Server) -> None:
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        await asyncio.to_thread(_client(shared_s3, "wrong").put_object, shared_s3.bucket, "a", io.BytesIO(b"x"), 1)


async def test_servers_listen_on_loopback_only(own_nats: NATSServer, own_s3: S3Server) -> None:
    addresses = _listening(own_nats.process.pid) | _listening(own_s3.process.pid)
    assert addresses == {"0100007F"}


async def test_each_test_has_a_database_of_its_own(shared_postgres: PostgresServer, postgres: PostgresDatabase) -> None:
    async with shared_postgres.database() as other:
        for database in (postgres, other):
            connection = await asyncpg.connect(database.url, password=database.password_file.read_text())
            await connection.execute("CREATE TABLE only_here (n int)")
            await connection.close()


def test_ports_found_together_are_distinct_and_free() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert taken(ports) == []


def _listening(pid: int) -> set[str]:
    """The local addresses, in hexadecimal, of the process's listening TCP sockets."""
    inodes = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.exists() or link.is_symlink()}
    listening = "0A"
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == listening and f"socket:[{rest[5]}]" in inodes:
                found.add(local.split(":")[0])
    return found


@pytest.mark.parametrize("name", ["Höme", "dom ов", "家", "a 'quoted' \"home\"", "back\\slash", "$HOME %s {x} #y"])
def test_a_broker_reads_its_configuration_whatever_its_folder_is_called(tmp_path: Path, name: str) -> None:
    broker = Broker(tmp_path / name, 4222, "flexura", "pässword")
    broker.prepare()

    read = subprocess.run([*broker.command(), "-t"], capture_output=True, text=True, timeout=60, check=False)

    assert read.returncode == 0, read.stderr
