"""All processes on one database agree on what time it is, also after a start, and whatever their wall clocks say."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from flexura_kit.clock import SteadyClock
from flexura_kit.db import Database, DatabaseClock, database
from flexura_kit.db.clock import CLOCK, read_row
from flexura_kit.settings import DatabaseSettings

HOURS = 7200.0
NEAR_S = 1.0  # Far more than two looks at one database take, far less than a step.


@pytest_asyncio.fixture
async def opened(database_settings: DatabaseSettings) -> AsyncIterator[Database]:
    async with database(database_settings, "public") as own:
        async with own.write.begin() as connection:
            await connection.run_sync(CLOCK.metadata.create_all)
        yield own


def apart(one: SteadyClock, other: SteadyClock) -> float:
    return abs(one.time() - other.time())


async def synced(opened: Database, clock: SteadyClock, boot_id: str = "this boot", wall: float | None = None) -> None:
    source = DatabaseClock(opened, clock, clock.time if wall is None else lambda: wall, boot_id)
    await source.sync()
    await source.sync()


@pytest.mark.parametrize("step", [HOURS, -HOURS])
async def test_processes_agree_though_the_wall_clock_was_set_between_their_starts(
    opened: Database, step: float
) -> None:
    first, second = SteadyClock(), SteadyClock()
    await synced(opened, first)
    await synced(opened, second, wall=first.time() + step)
    assert apart(first, second) < NEAR_S


async def test_start_of_a_machine_whose_clock_is_behind_does_not_turn_time_back(tmp_path: Path) -> None:
    async with database(DatabaseSettings(url=f"sqlite:///{tmp_path}/clock.db"), "public") as own:
        async with own.write.begin() as connection:
            await connection.run_sync(CLOCK.metadata.create_all)
        await check_that_time_goes_on(own)


async def check_that_time_goes_on(opened: Database) -> None:
    before, after = SteadyClock(), SteadyClock()
    await synced(opened, before)
    await synced(opened, after, boot_id="the next boot", wall=before.time() - HOURS)
    assert apart(before, after) < NEAR_S


async def test_processes_that_start_together_on_a_new_database_agree(opened: Database) -> None:
    clocks = [SteadyClock() for _ in range(3)]
    for clock in clocks:
        await synced(opened, clock)
    assert max(apart(clocks[0], clock) for clock in clocks) < NEAR_S
    async with opened.read.connect() as connection:
        assert await read_row(connection) is not None
