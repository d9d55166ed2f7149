"""The time of a service: one for all processes on its database, whatever is done to the wall clocks.

A row holds by how much it differs from a reference that runs at the pace of time. ADR 20 says why.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flexura_kit import log
from flexura_kit.clock import SteadyClock, boot_time_s, steady
from flexura_kit.db.engines import Database
from flexura_kit.db.errors import translate_db_errors
from flexura_kit.db.startup import startup_faults
from flexura_kit.errors import FlexuraError

SYNC_S = 2.0
STEP_S = 1.0  # A difference beyond this is a step and no drift.
TRIP_S_MAX = 0.5
SEEN_S = 10.0  # How often the row is written, by one process for all.
SLEW = 1 / 20  # At most so much faster or slower than time itself, while it comes near the wall clock again.
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
DATABASE = "database"
DATABASE_TIME = "SELECT extract(epoch FROM statement_timestamp())::float8"
ROW_ID = 1
MICRO = 1_000_000

logger = log.get_logger()


def clock_table(metadata: MetaData) -> Table:
    """The table of one row that each service with a database has."""
    return Table(
        "clock",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("reference", Text, nullable=False),
        Column("offset_us", BigInteger, nullable=False),
        Column("seen_us", BigInteger, nullable=False),
    )


CLOCK = clock_table(MetaData())


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reference and the wall clock say, and when this process asked."""

    reference: str
    reference_s: float
    wall_s: float
    asked_s: float
    """The steady clock of this process at that moment."""


@dataclass(frozen=True, slots=True)
class ClockRow:
    reference: str
    offset_us: int
    seen_us: int

    @property
    def offset_s(self) -> float:
        return self.offset_us / MICRO

    @property
    def seen_s(self) -> float:
        return self.seen_us / MICRO


class DatabaseClock:
    """Keeps the steady clock of this process equal to that of the others; a loop for the lifecycle."""

    def __init__(
        self,
        database: Database,
        clock: SteadyClock = steady,
        wall: Callable[[], float] = time.time,
        boot_id: str | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._wall = wall
        self._boot_id = boot_id or read_boot_id()
        self._is_synced = False
        self._wall_ahead_s: float | None = None

    async def start(self) -> None:
        """The first look, before anything is decided; raises StartupError where the database cannot be used."""
        with startup_faults(self._database):
            await self.sync()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(SYNC_S)
            try:
                await self.sync()
            except FlexuraError as error:
                logger.warning("clock_not_synced", reason=error.reason.value)
            except Exception:
                # The top of a loop: the clock of this process runs on by itself, and the next look may succeed.
                logger.exception("clock_sync_crashed")

    async def sync(self) -> None:
        """Brings this process and the row together."""
        with translate_db_errors():
            async with self._database.read.connect() as connection:
                reading, row = await self._read(connection)
            if self._is_synced and self._clock.estimate() - reading.asked_s > TRIP_S_MAX:
                return  # An answer that was so long on its way says nothing about seconds.
            wanted = wanted_row(reading, row, is_synced=self._is_synced)
            if wanted != row:
                async with self._database.write.begin() as connection:
                    known, row = row, await write(connection, row, wanted)
                self._report(known, row)
            else:
                row = wanted
        self._adopt(reading, row)
        self._notice_step()

    async def _read(self, connection: AsyncConnection) -> tuple[Reading, ClockRow | None]:
        before = self._clock.estimate()
        if self._database.dialect == "postgresql":
            wall = float((await connection.execute(text(DATABASE_TIME))).scalar_one())
            asked = (before + self._clock.estimate()) / 2
            reading = Reading(DATABASE, wall, wall, asked)
        else:
            reading = Reading(self._boot_id, boot_time_s(), self._wall(), before)
        return reading, await read_row(connection)

    def _adopt(self, reading: Reading, row: ClockRow) -> None:
        difference_s = reading.reference_s + row.offset_s - reading.asked_s
        if self._is_synced:
            self._clock.adjust(difference_s)
        else:
            self._clock.set(self._clock.estimate() + difference_s)
            self._is_synced = True

    def _report(self, known: ClockRow | None, row: ClockRow) -> None:
        if self._is_synced and known and abs(row.offset_s - known.offset_s) > STEP_S:
            # Said after the commit: from here on a process that starts knows it too.
            logger.warning("clock_stepped", by_s=round(known.offset_s - row.offset_s, 3), of=row.reference)

    def _notice_step(self) -> None:
        ahead_s = self._wall() - self._clock.estimate()
        if self._wall_ahead_s is not None and abs(ahead_s - self._wall_ahead_s) > STEP_S:
            # Said once for each step; nothing is decided by this clock.
            logger.warning("clock_stepped", by_s=round(ahead_s - self._wall_ahead_s, 3), of="this machine")
        self._wall_ahead_s = ahead_s


def wanted_row(reading: Reading, row: ClockRow | None, *, is_synced: bool) -> ClockRow:
    """What the row should say."""
    if row is None or row.reference != reading.reference:
        # A machine that was started anew, or another one: time has gone on at least as far as it was seen.
        seen_s = row.seen_s if row else float("-inf")
        return anchored(reading, max(reading.asked_s if is_synced else reading.wall_s, seen_s))
    steady_s = reading.reference_s + row.offset_s
    if not is_synced:
        return row if steady_s >= row.seen_s - STEP_S else anchored(reading, row.seen_s)
    step_s = steady_s - reading.asked_s
    if abs(step_s) > STEP_S and row.seen_s <= reading.asked_s + STEP_S:
        # The reference was set. Had this process slept instead, the others would have been seen further on.
        return anchored(reading, reading.asked_s)
    if steady_s - row.seen_s < SEEN_S:
        return row
    return anchored(reading, steady_s + slew_s(reading.wall_s - steady_s, steady_s - row.seen_s))


def anchored(reading: Reading, steady_s: float) -> ClockRow:
    return ClockRow(reading.reference, round((steady_s - reading.reference_s) * MICRO), round(steady_s * MICRO))


def slew_s(ahead_s: float, elapsed_s: float) -> float:
    """How far to come nearer to the wall clock, after so long."""
    most = SLEW * min(elapsed_s, 2 * SEEN_S)
    return max(-most, min(most, ahead_s))


async def read_row(connection: AsyncConnection) -> ClockRow | None:
    found: Any = (await connection.execute(select(CLOCK).where(CLOCK.c.id == ROW_ID))).first()
    return None if found is None else ClockRow(found.reference, found.offset_us, found.seen_us)


async def write(connection: AsyncConnection, known: ClockRow | None, wanted: ClockRow) -> ClockRow:
    """Writes the row unless another process was faster; answers what it says now."""
    values = {"reference": wanted.reference, "offset_us": wanted.offset_us, "seen_us": wanted.seen_us}
    if known is None:
        there = select(CLOCK.c.id).where(CLOCK.c.id == ROW_ID)
        if (await connection.execute(there.with_for_update())).first() is None:
            await connection.execute(insert(CLOCK).values(id=ROW_ID, **values))
    else:
        is_as_known = (
            (CLOCK.c.id == ROW_ID)
            & (CLOCK.c.reference == known.reference)
            & (CLOCK.c.offset_us == known.offset_us)
            & (CLOCK.c.seen_us == known.seen_us)
        )
        await connection.execute(update(CLOCK).where(is_as_known).values(**values))
    row = await read_row(connection)
    if row is None:
        raise RuntimeError("the row of the clock went away while it was written")
    return row


def read_boot_id() -> str:
    """What tells one start of the machine from another; where nothing does, each process counts as its own."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return secrets.token_hex(16)
