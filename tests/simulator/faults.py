"""What may go wrong, how often each did, and the dice that decide it: a few kinds in each seed, for a while."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Each is counted when it strikes, so that a run without faults cannot pass for a good one."""

    WORKER_CRASH = "worker crash"
    WORKER_STOP = "worker stop"
    WORKER_PAUSE = "worker pause"
    JOBS_CRASH = "jobs crash"
    JOBS_PAUSE = "jobs pause"
    RPC_REQUEST_LOST = "rpc request lost"
    RPC_ANSWER_LOST = "rpc answer lost"
    RPC_DELAYED = "rpc delayed"
    RPC_REPEATED = "rpc repeated"
    DATABASE_DOWN = "database down"
    DATABASE_SLOW = "database slow"
    COMMIT_ANSWER_LOST = "commit answer lost"
    STREAM_DELETED = "stream deleted"
    STREAM_CUT = "stream cut off"
    HINT_LOST = "hint lost"
    HINT_DOUBLED = "hint doubled"
    HINT_DELAYED = "hint delayed"
    HINTS_REORDERED = "hints reordered"
    PUBLISH_FAILED = "publish failed"
    PUBLISH_ANSWER_LOST = "publish answer lost"
    DELIVERY_LOST = "delivery lost"
    WAKE_UP_LOST = "wake-up lost"
    UPLOAD_FAILED = "upload failed"
    UPLOAD_ANSWER_LOST = "upload answer lost"
    SPOOL_FULL = "spool full"
    UPSTREAM_ANSWER_LOST = "paid call's answer lost"


# How likely each is wherever it could happen; those that are no part of a call come on their own.
CHANCES = {
    Fault.WORKER_CRASH: 0.02,
    Fault.JOBS_CRASH: 0.01,
    Fault.RPC_REQUEST_LOST: 0.15,
    Fault.RPC_ANSWER_LOST: 0.2,
    Fault.RPC_DELAYED: 0.2,
    Fault.RPC_REPEATED: 0.25,
    Fault.DATABASE_SLOW: 0.15,
    Fault.COMMIT_ANSWER_LOST: 0.1,
    Fault.HINT_LOST: 0.4,
    Fault.HINT_DOUBLED: 0.5,
    Fault.HINT_DELAYED: 0.4,
    Fault.HINTS_REORDERED: 0.5,
    Fault.PUBLISH_FAILED: 0.4,
    Fault.PUBLISH_ANSWER_LOST: 0.4,
    Fault.DELIVERY_LOST: 0.3,
    Fault.WAKE_UP_LOST: 0.5,
    Fault.UPLOAD_FAILED: 0.5,
    Fault.UPLOAD_ANSWER_LOST: 0.5,
    Fault.SPOOL_FULL: 0.7,
    Fault.UPSTREAM_ANSWER_LOST: 0.4,
}
KINDS_MAX = 4


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Which kinds strike in a seed, and until when."""

    kinds: frozenset[Fault]
    until: float


class Faults:
    """Asked wherever something may go wrong."""

    def __init__(self, plan: FaultPlan, dice: random.Random, note: Callable[[str], None]) -> None:
        self.plan = plan
        self.are_over = not plan.kinds
        self.counts: Counter[Fault] = Counter()
        self._chances = {kind: CHANCES.get(kind, 0.0) for kind in plan.kinds}
        self.dice = dice
        self._draw = dice.random
        self._note = note

    def strikes(self, kind: Fault) -> bool:
        if self.are_over or kind not in self._chances or self._draw() >= self._chances[kind]:
            return False
        self.count(kind)
        return True

    def count(self, kind: Fault) -> None:
        self.counts[kind] += 1
        self._note(f"fault: {kind}")


def draw_plan(dice: random.Random) -> FaultPlan:
    """A few kinds for a while: all of them at once would hide what each does."""
    count = dice.choice(range(KINDS_MAX + 1))
    kinds = frozenset(dice.sample(list(Fault), count))
    return FaultPlan(kinds, dice.uniform(2.0, 12.0) if kinds else 0.0)
