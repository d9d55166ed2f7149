"""What time it is, as a parameter; and a clock that no step of the wall clock reaches."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

Clock = Callable[[], datetime]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    """The wall clock: for people, logs and signatures. What decides anything asks `steady`."""
    return datetime.now(UTC)


def said_at(date: str, clock: Clock) -> datetime:
    """When a server answered, by its header `Date`: it means the later times that it names by its own clock."""
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return clock()
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def boot_time_s() -> float:
    """Seconds since the machine started, sleep included; the same for all of its processes, and never set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class SteadyClock:
    """Unix time that only goes forward, at the pace of time, whatever happens to the wall clock meanwhile.

    It reads the wall clock once. Where a service has a database, `kit.db.clock` keeps it equal in all processes.
    """

    def __init__(self, elapsed: Callable[[], float] = boot_time_s, wall: Callable[[], float] = time.time) -> None:
        self._elapsed = elapsed
        self._offset = wall() - elapsed()
        self._latest = float("-inf")

    def time(self) -> float:
        """Seconds since 1970."""
        # Two threads may each see the other's answer late; a microsecond's difference decides nothing.
        self._latest = max(self._latest, self.estimate())
        return self._latest

    def estimate(self) -> float:
        """What `time` would answer if it could go back."""
        return self._elapsed() + self._offset

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.time())

    def set(self, unix_s: float) -> None:
        """Sets it, as the first act of a process; from then on `adjust` moves it."""
        self._offset = unix_s - self._elapsed()
        self._latest = float("-inf")

    def adjust(self, by_s: float) -> None:
        """Moves it forward at once; backward by standing still until its time has come."""
        self._offset += by_s


steady = SteadyClock()
