"""A whole installation with all that can be done to it: relay, small disk, PostgreSQL where asked for."""

import contextlib
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from faults.disk import SmallDisk
from faults.history import JobEvent
from faults.relay import Relay, relay
from faults.schedule import FaultKind
from servers.installation import Installation, command_of, installation, tree_of
from servers.postgres import PostgresDatabase, PostgresServer, postgres_server

PROGRAM = (str(Path(__file__).with_name("site.py")),)
EVENTS = "SELECT sequence, job_id, state FROM events ORDER BY sequence"
GENERATOR = "flexura_media_worker.generator"


@dataclass(frozen=True)
class World:
    """What the nemesis may touch."""

    folder: Path
    flexura: Installation
    relay: Relay
    disk: SmallDisk | None
    postgres: PostgresServer | None
    database: PostgresDatabase | None
    """Where jobs keeps its tables; None where that is SQLite."""

    def kinds(self, wished: Sequence[FaultKind]) -> list[FaultKind]:
        """Those of the wished faults that this machine can have."""
        return [kind for kind in wished if kind is not FaultKind.FULL_DISK or self.disk is not None]

    def generators(self) -> list[int]:
        tree = tree_of(self.flexura.pids()["media-worker"])
        return sorted(pid for pid in tree if f"-m {GENERATOR} " in command_of(pid))

    async def events(self) -> list[JobEvent]:
        """The whole feed of the one account there is, from the database itself."""
        if self.database is None:
            file = self.flexura.home.database_url("jobs").removeprefix("sqlite:///")
            with contextlib.closing(sqlite3.connect(file)) as connection:
                rows = connection.execute(EVENTS).fetchall()
        else:
            connection = await asyncpg.connect(self.database.url, password=self.database.password)
            await connection.execute("SET search_path TO jobs")
            rows = await connection.fetch(EVENTS)
            await connection.close()
        return [JobEvent(*row) for row in rows]

    def log(self, part: str) -> str:
        return self.flexura.home.log(part).read_text(errors="replace")


@asynccontextmanager
async def world(folder: Path, disk_bytes: int, *, on_postgres: bool) -> AsyncIterator[World]:
    """Starts everything; the store has a disk of its own unless its size is 0."""
    home = folder / "home"
    async with AsyncExitStack() as stack:
        way = await stack.enter_async_context(relay(lambda: int(json.loads((home / "ports.json").read_text())["nats"])))
        # Most of the work only takes time, so that what dies has work in its hands.
        settings = {"FLEXURA_SLOTS": "4", "FLEXURA_WEBHOOKS_NETWORKS": "127.0.0.1/32"}
        settings |= {"FAULTS_WORKER_NATS_URL": f"nats://127.0.0.1:{way.port}"}
        if disk_bytes:
            settings["FAULTS_STORE_DISK_BYTES"] = str(disk_bytes)
        postgres = database = None
        if on_postgres:
            postgres = await stack.enter_async_context(postgres_server())
            database = await stack.enter_async_context(postgres.database())
            settings["FAULTS_JOBS_DATABASE_URL"] = database.url
            settings["FAULTS_JOBS_DATABASE_PASSWORD_FILE"] = str(database.password_file)
        flexura = await stack.enter_async_context(installation(folder, PROGRAM, **settings))
        disk = SmallDisk(flexura.process.pid, home / "s3") if disk_bytes else None
        yield World(folder, flexura, way, disk, postgres, database)


def environment_of(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs if pair)} | {
        "PATH": os.environ["PATH"]
    }
