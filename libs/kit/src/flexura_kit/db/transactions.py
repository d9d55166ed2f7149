"""Whole transactions as one plain function each, for services that run thousands a second.

On SQLite every step of an asynchronous connection is a trip to its thread and back, about sixteen for a small
transaction; a whole transaction as one trip takes a fifth of the processor time (measured).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy import Connection, Engine, Executable, QueuePool, Row, create_engine, make_url
from sqlalchemy.exc import OperationalError

from flexura_kit.db.engines import HIDE_PARAMETERS, POOL_TIMEOUT_S, Database, prepare_sqlite
from flexura_kit.db.errors import translate_db_errors
from flexura_kit.db.write_faults import WriteFaults
from flexura_kit.settings import DatabaseSettings

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]


class Transactions(Protocol):
    """Runs functions of a connection, each in a transaction of its own, off the loop where that is cheaper."""

    @property
    def dialect(self) -> Dialect: ...

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Commits what the function did, or rolls it back where it raises. A caller who gives up may find it done."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Runs a function that only reads."""

    async def look_up(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """Answers a few rows that one statement finds by their key; on SQLite on the loop itself, and at once."""


@asynccontextmanager
async def transactions(settings: DatabaseSettings, database: Database) -> AsyncIterator[Transactions]:
    """Opens what is needed beside the database, which stays open for longer."""
    if database.dialect == "postgresql":
        yield LoopTransactions(database)
        return
    threaded = ThreadTransactions(settings, database.write_faults)
    try:
        yield threaded
    finally:
        await asyncio.to_thread(threaded.close)


class LoopTransactions:
    """PostgreSQL: the driver itself is asynchronous."""

    dialect: Dialect = "postgresql"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, work: Callable[[Connection], T]) -> T:
        with translate_db_errors():
            async with self._database.write.begin() as connection:
                return await connection.run_sync(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        with translate_db_errors():
            async with self._database.read.connect() as connection:
                return await connection.run_sync(work)

    async def look_up(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        with translate_db_errors():
            async with self._database.read.connect() as connection:
                return (await connection.execute(statement, parameters)).all()


class ThreadTransactions:
    """SQLite: one thread that writes, a few that read, and engines of their own with the same settings.

    Rows by their key are read without a thread: the trip there and back takes longer than 50 such rows (measured), as
    each row on its own passes the interpreter's lock to the loop and back. Readers wait for no writer, and this one
    waits for nothing: where the file is locked all the same, which SQLite does for moments, a thread waits instead.
    """

    dialect: Dialect = "sqlite"

    def __init__(self, settings: DatabaseSettings, write_faults: WriteFaults) -> None:
        self._write = plain_engine(settings, begin="BEGIN IMMEDIATE", connections=1)
        write_faults.watch(self._write)
        self._read = plain_engine(settings, begin="BEGIN", connections=settings.pool_size)
        self._look_up = plain_engine(settings.model_copy(update={"lock_timeout_s": 0}), begin="", connections=1)
        self._writing = ThreadPoolExecutor(1, "sqlite-write")
        self._reading = ThreadPoolExecutor(settings.pool_size, "sqlite-read")

    async def write(self, work: Callable[[Connection], T]) -> T:
        with translate_db_errors():
            return await asyncio.get_running_loop().run_in_executor(self._writing, self._written, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        with translate_db_errors():
            return await asyncio.get_running_loop().run_in_executor(self._reading, self._found, work)

    async def look_up(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        try:
            with self._look_up.connect() as connection:
                return connection.execute(statement, parameters).all()
        except OperationalError:
            return await self.read(lambda connection: connection.execute(statement, parameters).all())

    def close(self) -> None:
        for threads in (self._writing, self._reading):
            threads.shutdown(cancel_futures=True)
        self._write.dispose()
        self._read.dispose()
        self._look_up.dispose()

    def _written(self, work: Callable[[Connection], T]) -> T:
        with self._write.begin() as connection:
            return work(connection)

    def _found(self, work: Callable[[Connection], T]) -> T:
        with self._read.connect() as connection:
            return work(connection)


def plain_engine(settings: DatabaseSettings, *, begin: str, connections: int) -> Engine:
    engine = create_engine(
        make_url(settings.url).set(drivername="sqlite+pysqlite"),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=HIDE_PARAMETERS,
        # A connection serves one thread at a time, and not always the same one.
        connect_args={"check_same_thread": False},
    )
    prepare_sqlite(engine, settings, begin=begin)
    return engine
