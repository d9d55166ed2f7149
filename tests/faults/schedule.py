"""Which faults come when: drawn from a seed, so that the same seed gives the same faults."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong. What ends at once has no time that it is held."""

    KILL_NATS = "kill nats"
    KILL_S3 = "kill s3"
    KILL_AUTH = "kill auth"
    KILL_SEARCH = "kill search"
    KILL_JOBS = "kill jobs"
    KILL_EDGE = "kill edge"
    KILL_WORKER = "kill media-worker"
    KILL_WEBHOOKS = "kill webhooks"
    KILL_GENERATOR = "kill a generator"
    RESTART_NATS = "restart nats"
    RESTART_S3 = "restart s3"
    RESTART_WORKER = "restart media-worker"
    RESTART_POSTGRES = "restart postgres"
    PAUSE_NATS = "pause nats"
    PAUSE_S3 = "pause s3"
    OVERSLEEP_LEASE = "worker sleeps past its lease"
    DELETE_STREAM = "delete the stream"
    PURGE_STREAM = "purge the stream"
    CUT_NETWORK = "cut worker from nats"
    FULL_DISK = "full disk of the store"


QUIET_S = (0.4, 1.2)
HELD_S = {
    FaultKind.PAUSE_NATS: (2.0, 5.0),
    FaultKind.PAUSE_S3: (2.0, 5.0),
    FaultKind.CUT_NETWORK: (3.0, 6.0),
    FaultKind.FULL_DISK: (2.0, 5.0),
}


@dataclass(frozen=True)
class Fault:
    """One fault to come, and so long after it nothing else."""

    kind: FaultKind
    quiet_s: float
    held_s: float
    choice: int
    """For what else is to be chosen: a process among several."""


def schedule(seed: int, kinds: Sequence[FaultKind]) -> Iterator[list[Fault]]:
    """Rounds without end; each has every kind once, in an order of its own."""
    if not kinds:
        raise ValueError("there is no fault to choose from")
    draw = random.Random(seed)  # noqa: S311 - it is to be repeated, not to be secret.
    while True:
        round_ = [drawn(draw, kind) for kind in sorted(kinds)]
        draw.shuffle(round_)
        yield round_


def drawn(draw: random.Random, kind: FaultKind) -> Fault:
    held_s = draw.uniform(*HELD_S.get(kind, (0.0, 0.0)))
    return Fault(kind, round(draw.uniform(*QUIET_S), 2), round(held_s, 2), draw.randrange(1 << 16))
