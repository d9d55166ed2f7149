"""A writing and a reading engine, set up so that nothing is lost and nothing waits for ever."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from flexura_kit.database_url import backend_of, driver_url, parameters_of, shown_url
from flexura_kit.db.write_faults import WriteFaults
from flexura_kit.settings import DatabaseSettings, secret

POOL_TIMEOUT_S = 5.0
RECYCLE_S = 1800
HIDE_PARAMETERS = True  # The text of an error goes to the log; prompts, names and digests may not.
THREAD_END_S = 2.0
MAPPED_BYTES_MAX = 128 << 20
WAL_RETRY_S = 0.02

Threads = WeakSet[threading.Thread]


@dataclass(frozen=True, slots=True)
class Database:
    """Two engines on one database. Rows that are read to be written are read by `write`."""

    write: AsyncEngine
    read: AsyncEngine
    dialect: Literal["sqlite", "postgresql"]
    shown: str
    """Where it is, without what is secret."""
    threads: Threads = field(default_factory=WeakSet, repr=False)
    write_faults: WriteFaults = field(default_factory=WriteFaults, repr=False)


@asynccontextmanager
async def database(settings: DatabaseSettings, service: str) -> AsyncIterator[Database]:
    """Opens the database of one service; on PostgreSQL its tables are in the schema of the service's name."""
    opened = open_database(settings, service)
    opened.write_faults.watch(opened.write.sync_engine)
    try:
        yield opened
    finally:
        await opened.write.dispose()
        await opened.read.dispose()
        await threads_ended(opened.threads)


async def threads_ended(threads: Threads) -> None:
    """Waits for the threads of connections that were cut off: each still has an answer for this loop."""
    await asyncio.to_thread(join_all, list(threads))


def join_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(THREAD_END_S)


def open_database(settings: DatabaseSettings, service: str) -> Database:
    match backend_of(settings.url):
        case "sqlite":
            url = make_url(settings.url)
            threads = Threads()
            write = sqlite_engine(url, settings, threads, begin="BEGIN IMMEDIATE", connections=1)
            read = sqlite_engine(url, settings, threads, begin="BEGIN", connections=settings.pool_size)
            return Database(write, read, "sqlite", shown_url(settings.url), threads)
        case _:
            write, read = (postgresql_engine(settings, service) for _ in range(2))
            return Database(write, read, "postgresql", shown_url(settings.url))


def sqlite_engine(
    url: URL, settings: DatabaseSettings, threads: Threads, *, begin: str, connections: int
) -> AsyncEngine:
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=HIDE_PARAMETERS,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def remember(connection: Any, _record: object) -> None:
        threads.add(connection.driver_connection._thread)  # noqa: SLF001 - aiosqlite offers no other way to wait for it.

    prepare_sqlite(engine.sync_engine, settings, begin=begin)
    return engine


def prepare_sqlite(engine: Engine, settings: DatabaseSettings, *, begin: str) -> None:
    """Sets up every connection of an engine, and how its transactions begin; without, each statement is its own."""

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver's own transactions begin too late to keep a read and the write after it together.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(settings.lock_timeout_s * 1000)}")
        write_ahead(cursor, settings.lock_timeout_s)
        for pragma in (
            "synchronous=FULL",  # This file is the only durable copy of a job.
            "foreign_keys=ON",
            f"mmap_size={MAPPED_BYTES_MAX}",  # A row by its key costs no call into the system.
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    if not begin:
        return

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def write_ahead(cursor: Any, timeout_s: float) -> None:
    """Has a file use a write-ahead log; where several processes open a new one at once, all but one are locked out.

    For that SQLite does not wait, whatever its time-out says. What sets up a connection is no coroutine to the pool, so
    this holds up the loop; it happens once in the life of a file, before its process serves anyone.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(WAL_RETRY_S)
        else:
            return


def postgresql_engine(settings: DatabaseSettings, service: str) -> AsyncEngine:
    statement_ms = int(settings.statement_timeout_s * 1000)
    parameters = parameters_of(settings.url)
    # The driver reads the URL itself: it knows the parameters of libpq, which SQLAlchemy would not hand on.
    driver: dict[str, Any] = {"dsn": driver_url(settings.url)}
    password = secret(settings.password_file)
    if size := parameters.get("prepared_statement_cache_size"):
        driver |= {"prepared_statement_cache_size": int(size), "statement_cache_size": int(size)}
    return create_async_engine(
        "postgresql+asyncpg://",
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_recycle=RECYCLE_S,
        pool_pre_ping=True,
        hide_parameters=HIDE_PARAMETERS,
        connect_args=driver
        | ({"password": password} if password else {})
        | {
            "timeout": float(parameters.get("connect_timeout") or 0) or POOL_TIMEOUT_S,
            "command_timeout": settings.statement_timeout_s + 1,
            "server_settings": {
                "application_name": parameters.get("application_name") or f"flexura-{service}",
                "search_path": service,
                "statement_timeout": str(statement_ms),
                "lock_timeout": str(int(settings.lock_timeout_s * 1000)),
                "idle_in_transaction_session_timeout": str(statement_ms),
                "timezone": "UTC",
                # Rows are asked for in the order of an index and few at a time; a planner that knows little of a table
                # would rather collect and sort them all.
                "enable_bitmapscan": "off",
            },
        },
    )
