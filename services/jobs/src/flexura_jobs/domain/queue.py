"""How many hints a queue wants, and which of them were lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flexura_jobs.domain.jobs import MediaType
from flexura_kit.ids import JobId

# Held even when no worker lives, else nothing would ever start one; and beside the one that waits for each slot, so
# that no slot idles while the next hint is on its way. More would only make whoever comes anew wait behind them.
HINTS_MIN = 4


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
    """How many of a model's queued jobs have a hint, and whether others wait for one."""

    hinted: int
    has_waiting: bool


@dataclass(frozen=True, slots=True)
class WorkerPresence:
    """A live worker: what it can run, and how much at once."""

    worker_id: str
    providers: frozenset[str]
    slots: int


def room(hinted: int, slots: int) -> int:
    """How many more hints a model's queue takes."""
    return max(0, HINTS_MIN + slots - hinted)


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
