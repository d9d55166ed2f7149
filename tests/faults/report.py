"""A run in a table: what was done to it, how long each took to heal, and what became of the operations."""

from collections import Counter
from dataclasses import dataclass
from statistics import median

from faults.checker import Violation
from faults.history import FaultWindow, History
from faults.record import Record, accepts

COUNTED = ("lost", "stuck", "doubled")
COLUMNS = f"{'fault':<30}{'count':>6}{'heal p50 s':>12}{'heal max s':>12}{'all done s':>12}"


@dataclass(frozen=True)
class Report:
    """What is quoted of a run."""

    title: str
    history: History
    violations: list[Violation]

    def text(self) -> str:
        record = Record(self.history)
        rows = [row(kind, faults_of(self.history, kind), record) for kind in kinds(self.history)]
        return "\n".join([self.title, COLUMNS, *rows, *self._totals(record)])

    def _totals(self, record: Record) -> list[str]:
        rules = Counter(violation.rule for violation in self.violations)
        calm = record.calm
        calm_ok, all_ok = (sum(operation.succeeded for operation in some) for some in (calm, self.history.operations))
        ends = Counter(read.view.status for read in record.finished.values() if read.view)
        codes = Counter(read.view.code for read in record.finished.values() if read.view and read.view.code)
        again = sum(read.view.attempt > 1 for read in record.finished.values() if read.view)
        actions = Counter(operation.action for operation in self.history.operations)
        followed = self.history.followed or []
        told = [message.message_id for message in self.history.messages]
        submits = sum(map(accepts, self.history.operations))
        return [
            f"operations {len(self.history.operations)} ({all_ok} succeeded): {counted(actions)}",
            f"outside fault windows {len(calm)}, of which {calm_ok} succeeded ({percent(calm_ok, len(calm))})",
            f"jobs {len(record.accepted)}, accepted {submits} times; ended {counted(ends)}; done again {again}",
            f"failed for {counted(codes)}",
            waits(record),
            f"events {len(self.history.events or [])}, {len(followed)} told in {self.history.follows} streams",
            f"webhook messages {len(set(told))}, sent {len(told)} times",
            f"faults {len(self.history.faults)}, " + ", ".join(f"{rule} {rules[rule]}" for rule in COUNTED),
            f"violations {len(self.violations)}",
        ]


def waits(record: Record) -> str:
    waited = [operation for operation in record.history.operations if operation.wait_s and operation.succeeded]
    saw = sum(operation.view is not None and operation.view.is_finished for operation in waited)
    late_s = max((operation.took_s - operation.wait_s for operation in waited), default=0.0)
    return f"waits {len(waited)}, {saw} saw the end, the slowest ended {max(0.0, late_s):.1f} s after its time"


def row(kind: str, faults: list[FaultWindow], record: Record) -> str:
    heals = [fault.heal_s for fault in faults if fault.heal_s is not None]
    done = max(all_done_s(fault, record) for fault in faults)
    if len(heals) < len(faults):
        return f"{kind:<30}{len(faults):>6}{'':>12}{'never':>12}{done:>12.1f}"
    return f"{kind:<30}{len(faults):>6}{median(heals):>12.1f}{max(heals):>12.1f}{done:>12.1f}"


def all_done_s(fault: FaultWindow, record: Record) -> float:
    """From the fault's end until every job accepted before it had been seen at its end."""
    ends = [
        read.ended_s for job_id, read in record.finished.items() if record.accepted[job_id].ended_s <= fault.ended_s
    ]
    return max([0.0, *(end - fault.ended_s for end in ends)])


def kinds(history: History) -> list[str]:
    return sorted({fault.kind for fault in history.faults})


def faults_of(history: History, kind: str) -> list[FaultWindow]:
    return [fault for fault in history.faults if fault.kind == kind]


def counted(counter: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counter.items())) or "nothing"


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "nothing to judge"
