"""The first account and its key, made by the real auth service."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from servers.nats import NATSServer
from servers.process import ServerProcess

from flexura_kit.apikeys import is_well_formed
from flexura_local.first_account import first_key
from flexura_local.home import Home
from flexura_local.parts import rpc_part, target


@pytest_asyncio.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = Home(tmp_path / "home")
    with home.held():
        yield home


@contextlib.asynccontextmanager
async def _auth(home: Home, nats: NATSServer, database: str = "auth") -> AsyncIterator[str]:
    bus = {"FLEXURA_NATS_URL": nats.url, "FLEXURA_NATS_USER": nats.user}
    own = {"FLEXURA_NATS_PASSWORD_FILE": str(nats.password_file), "FLEXURA_DATABASE_URL": home.database_url(database)}
    part = rpc_part(home, "auth", bus | own)

    async def why_not_ready() -> str | None:
        # Whoever asks for the first account waits for auth.
        return None

    process = ServerProcess(part.command, home.log("auth"), why_not_ready, environment=part.environment)
    await process.start()
    try:
        yield target(home, "auth")
    finally:
        await process.stop()


async def test_key_is_made_once_and_kept_while_it_works(home: Home, shared_nats: NATSServer) -> None:
    async with _auth(home, shared_nats) as auth:
        key = await first_key(auth, home.first_key_file)
        assert is_well_formed(key)
        assert await first_key(auth, home.first_key_file) == key


async def test_key_that_auth_does_not_know_is_replaced(home: Home, shared_nats: NATSServer) -> None:
    async with _auth(home, shared_nats) as auth:
        key = await first_key(auth, home.first_key_file)
    async with _auth(home, shared_nats, database="another") as auth:
        assert await first_key(auth, home.first_key_file) != key


@pytest.mark.parametrize("end", ["", "\r\n", "\n\n", " \n", "\n"])
async def test_file_whose_end_an_editor_has_changed_is_kept_and_set_right(
    home: Home, shared_nats: NATSServer, end: str
) -> None:
    async with _auth(home, shared_nats) as auth:
        key = await first_key(auth, home.first_key_file)
        home.first_key_file.write_bytes(f"{key}{end}".encode())
        assert await first_key(auth, home.first_key_file) == key
    assert home.first_key_file.read_bytes() == f"{key}\n".encode()


async def test_damaged_file_is_replaced(home: Home, shared_nats: NATSServer) -> None:
    home.first_key_file.write_text("fx_live_")
    async with _auth(home, shared_nats) as auth:
        assert is_well_formed(await first_key(auth, home.first_key_file))


async def test_auth_that_cannot_be_reached_is_said_in_one_line(home: Home) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "flexura_local.first_account"),
        *("unix:/nowhere.sock", str(home.first_key_file), "0.5"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    assert errors == b"it does not answer at unix:/nowhere.sock\n"


async def test_auth_that_is_just_starting_is_waited_for(home: Home, shared_nats: NATSServer) -> None:
    asking = asyncio.create_task(first_key(target(home, "auth"), home.first_key_file))
    async with _auth(home, shared_nats):
        assert is_well_formed(await asking)
