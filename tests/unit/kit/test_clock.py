"""The steady clock, whatever is done to the wall clock."""

from datetime import UTC, datetime

import pytest

from flexura_kit.clock import SteadyClock, said_at, utc_now
from flexura_kit.db.clock import ClockRow, Reading, anchored, wanted_row

HOUR = 3600.0
EPOCH = 1_800_000_000.0
MICRO = 1_000_000


class Machine:
    def __init__(self) -> None:
        self.elapsed = 1000.0
        self.wall = EPOCH

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.elapsed, lambda: self.wall)


@pytest.mark.parametrize("step", [2 * HOUR, -2 * HOUR])
def test_step_of_the_wall_clock_does_not_reach_it(step: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.wall += step
    machine.elapsed += 5
    assert clock.time() == EPOCH + 5
    assert clock.now() == datetime.fromtimestamp(EPOCH + 5, UTC)


def test_it_never_goes_back() -> None:
    machine = Machine()
    clock = machine.clock()
    assert clock.time() == EPOCH
    clock.adjust(-3)
    machine.elapsed += 2
    assert clock.time() == EPOCH
    machine.elapsed += 2
    assert clock.time() == EPOCH + 1


def read(steady_s: float, *, wall_s: float | None = None, reference: str = "database") -> Reading:
    wall = steady_s if wall_s is None else wall_s
    return Reading(reference, wall, wall, steady_s)


def row(offset_s: float, seen_s: float, reference: str = "database") -> ClockRow:
    return ClockRow(reference, round(offset_s * MICRO), round(seen_s * MICRO))


@pytest.mark.parametrize("step", [2 * HOUR, -2 * HOUR])
def test_step_of_the_databases_clock_is_taken_out_at_once(step: float) -> None:
    now = EPOCH + 4
    wanted = wanted_row(read(now, wall_s=now + step), row(0, EPOCH), is_synced=True)
    assert wanted.offset_s == -step


def test_process_that_slept_while_others_went_on_follows_them() -> None:
    theirs = row(0, EPOCH + 60)
    slept = Reading("database", EPOCH + 62, EPOCH + 62, EPOCH + 2)
    assert wanted_row(slept, theirs, is_synced=True) == theirs


def test_time_goes_on_from_where_it_was_seen_after_a_start_on_a_clock_that_is_behind() -> None:
    for known in (row(0, EPOCH), row(5, EPOCH, reference="an earlier boot")):
        wanted = wanted_row(read(EPOCH - 2 * HOUR), known, is_synced=False)
        assert wanted.offset_s == 2 * HOUR
        assert wanted.seen_s == EPOCH


def test_time_that_passed_while_nothing_ran_has_passed() -> None:
    known = row(0, EPOCH)
    assert wanted_row(read(EPOCH + 2 * HOUR), known, is_synced=False) == known


def test_it_comes_near_the_wall_clock_again_by_a_twentieth_of_the_time_at_most() -> None:
    known, asked = row(-2 * HOUR, EPOCH), EPOCH + 10
    wanted = wanted_row(Reading("database", asked + 2 * HOUR, asked + 2 * HOUR, asked), known, is_synced=True)
    assert wanted.offset_s == pytest.approx(-2 * HOUR + 0.5)
    nearly = wanted_row(read(EPOCH + 10, wall_s=EPOCH + 10.1), row(-0.1, EPOCH), is_synced=True)
    assert nearly.offset_s == pytest.approx(0)


def test_row_is_written_rarely() -> None:
    known = row(0, EPOCH)
    assert wanted_row(read(EPOCH + 9), known, is_synced=True) == known
    assert wanted_row(read(EPOCH + 11), known, is_synced=True) == anchored(read(EPOCH + 11), EPOCH + 11)


def test_later_times_of_an_answer_are_meant_by_its_own_date() -> None:
    assert said_at("Tue, 01 Dec 2026 01:00:00 GMT", utc_now) == datetime(2026, 12, 1, 1, tzinfo=UTC)
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    assert said_at("", lambda: moment) == moment
    assert said_at("yesterday", lambda: moment) == moment
