"""How many hints a queue wants, and which of them were lost."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flexura_jobs.domain.jobs import MediaType
from flexura_kit.ids import JobId

# Held even when no worker lives, else nothing would ever start one; and while all slots are busy, so that none idles
# while the next hint is on its way. More would only make whoever comes anew wait behind them.
HINTS_MIN = 4
# Jobs that take no time would still idle slots between two looks at the queue: for so long hints lie ready.
AHEAD_S = 0.03
PACE_S = 1.0


@dataclass(frozen=True, slots=True)
class Consumer:
    """A durable pull consumer: where workers get the hints of one model."""

    stream: str
    durable: str
    model: str
    ack_wait: timedelta


@dataclass(frozen=True, slots=True)
class Hint:
    """A job's id on its way to the workers; the number makes each hint of a job another message."""

    job_id: JobId
    media_type: MediaType
    model: str
    dispatch_seq: int
    traceparent: str
    waited: timedelta


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many of a model's queued jobs have a hint, whether others wait for one, and how many are being done."""

    hinted: int
    has_waiting: bool
    processing: int


@dataclass(frozen=True, slots=True)
class WorkerPresence:
    """A live worker: what it can run, and how much at once."""

    worker_id: str
    providers: frozenset[str]
    slots: int


class Pace:
    """How many hints of a model were sent within the last second."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, int]] = deque()
        self._sum = 0

    def add(self, hints: int, now: float) -> None:
        self._sent.append((now, hints))
        self._sum += hints

    def per_s(self, now: float) -> float:
        while self._sent and self._sent[0][0] < now - PACE_S:
            self._sum -= self._sent.popleft()[1]
        return self._sum / PACE_S


def room(hinted: int, idle_slots: int, per_s: float = 0.0) -> int:
    """How many more hints a model's queue takes: one for each idle slot, and a few; more where they go fast."""
    return max(0, HINTS_MIN + int(per_s * AHEAD_S) + max(0, idle_slots) - hinted)


def slots_serving(provider: str, workers: Sequence[WorkerPresence]) -> int:
    return sum(worker.slots for worker in workers if provider in worker.providers)


def lost_hints(hinted: int, hinted_long_ago: int, undelivered: int) -> int:
    """How many hints nobody will deliver any more.

    The hint of a job that is queued still must be waiting in the stream; where fewer wait than were sent, the oldest
    are missing. Young ones are left out of what is sent again, but not of the count: among the undelivered they would
    pass for the lost. One that a worker holds without a claim, or has given back, counts as lost as well: sending it
    again is harmless, because only one claim succeeds.
    """
    return min(hinted_long_ago, max(0, hinted - undelivered))
