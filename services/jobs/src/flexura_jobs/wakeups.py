"""What is told on core NATS once it is committed: which jobs changed, and which were called off in mid-work."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import orjson
from prometheus_client import Counter

from flexura_jobs.ports import StateChange
from flexura_kit.bus import Bus
from flexura_kit.errors import Reason
from flexura_kit.ids import AccountId, JobId

UPDATED = "flexura.jobs.v1.updated"  # A list of [account_id, job_id, state], where a state may also be `removed`.
CANCELED = "flexura.jobs.v1.canceled"  # A list of job ids.
REMOVED = "removed"
WAITING_MAX = 10_000
MESSAGE_BYTES_MAX = 60_000  # Far below what a server takes, and read in a millisecond.
PUBLISH_TIMEOUT_S = 1.0

Entry = TypeVar("Entry")

LOST = Counter("flexura_jobs_wakeups_lost", "Wake-ups that were not sent; whoever waits looks again soon.")


class Wakeups:
    """Takes what was committed without making the commit wait, and tells it; what cannot be told is dropped."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._updated: deque[tuple[str, str, str]] = deque()
        self._canceled: deque[str] = deque()
        self._has_news = asyncio.Event()

    def committed(self, changes: Sequence[StateChange]) -> None:
        self._add(self._updated, [(change.account_id, change.job_id, change.state.value) for change in changes])
        self._add(self._canceled, [change.job_id for change in changes if was_called_off(change)])

    def removed(self, jobs: Sequence[tuple[AccountId, JobId]]) -> None:
        """Has edges forget what they remember of these jobs."""
        self._add(self._updated, [(account_id, job_id, REMOVED) for account_id, job_id in jobs])

    async def run(self) -> None:
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            # A worker that goes on for nothing costs more than a client that waits a moment longer.
            await self._tell(CANCELED, drained(self._canceled))
            await self._tell(UPDATED, drained(self._updated))

    def _add(self, waiting: deque[Entry], news: Sequence[Entry]) -> None:
        if not news:
            return
        waiting.extend(news)
        while len(waiting) > WAITING_MAX:
            waiting.popleft()
            LOST.inc()
        self._has_news.set()

    async def _tell(self, subject: str, entries: Sequence[object]) -> None:
        for count, message in messages(entries):
            # Without a connection it is not even tried: each attempt would leave a line in the log.
            if not (self._bus.is_connected and await self._publish(subject, message)):
                LOST.inc(count)

    async def _publish(self, subject: str, message: bytes) -> bool:
        with contextlib.suppress(TimeoutError):
            # In a task of its own, because the client swallows a cancellation that reaches it in a flush.
            return await asyncio.wait_for(self._bus.publish(subject, message), PUBLISH_TIMEOUT_S)
        return False


def was_called_off(change: StateChange) -> bool:
    """Tells whether a worker may be at it."""
    return change.failure is not None and change.failure.reason is Reason.CANCELED and change.attempt > 0


def drained(waiting: deque[Any]) -> list[Any]:
    entries = list(waiting)
    waiting.clear()
    return entries


def messages(entries: Iterable[object]) -> Iterator[tuple[int, bytes]]:
    """Packs the entries into as few lists as can be, and says how many are in each."""
    packed: list[bytes] = []
    size_bytes = 0
    for entry in map(orjson.dumps, entries):
        if packed and size_bytes + len(entry) > MESSAGE_BYTES_MAX:
            yield len(packed), written(packed)
            packed, size_bytes = [], 0
        packed.append(entry)
        size_bytes += len(entry) + 1
    if packed:
        yield len(packed), written(packed)


def written(packed: list[bytes]) -> bytes:
    return b"[" + b",".join(packed) + b"]"
