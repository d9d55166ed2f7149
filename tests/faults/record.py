"""A history sorted for whoever judges it: what was asked of each job, what was seen, and when all was calm."""

from collections import defaultdict
from functools import cached_property

from faults.history import Action, FaultWindow, History, JobView, Operation


class Record:
    """A history, sorted by job."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.by_job: dict[str, list[Operation]] = defaultdict(list)
        for operation in sorted(history.operations, key=lambda operation: operation.began_s):
            if operation.job_id:
                self.by_job[operation.job_id].append(operation)

    @cached_property
    def accepted(self) -> dict[str, Operation]:
        """The first submit that answered each job."""
        submits = [operation for operation in self.history.operations if accepts(operation)]
        return {operation.job_id: operation for operation in reversed(submits)}

    @cached_property
    def finished(self) -> dict[str, Operation]:
        """The first read that saw each job at its end."""
        found = {job_id: [read for read, view in self.views(job_id) if view.is_finished] for job_id in self.accepted}
        return {job_id: min(reads, key=lambda read: read.ended_s) for job_id, reads in found.items() if reads}

    def views(self, job_id: str) -> list[tuple[Operation, JobView]]:
        return [(operation, operation.view) for operation in self.by_job[job_id] if operation.view is not None]

    @cached_property
    def delete_asked(self) -> dict[str, float]:
        """When each job was first asked to be deleted, whatever came of it."""
        asked = [operation for operation in self.history.operations if operation.action is Action.DELETE]
        return {operation.job_id: operation.began_s for operation in reversed(asked)}

    @cached_property
    def deleted(self) -> dict[str, float]:
        """From when on each deleted job is gone for good."""
        answered = [operation for operation in self.history.operations if operation.action is Action.DELETE]
        return {operation.job_id: operation.ended_s for operation in reversed(answered) if operation.succeeded}

    @cached_property
    def calm(self) -> list[Operation]:
        """Operations of which no part lay within a fault window."""
        return [operation for operation in self.history.operations if not self.disturbed(operation)]

    def disturbed(self, operation: Operation) -> bool:
        return any(self.overlap_s(fault, operation.began_s, operation.ended_s) is not None for fault in self.faults)

    @property
    def faults(self) -> list[FaultWindow]:
        return self.history.faults

    def calm_s(self, began_s: float, ended_s: float) -> float:
        """How much of a time lay outside fault windows, which do not overlap."""
        overlaps = [self.overlap_s(fault, began_s, ended_s) or 0.0 for fault in self.faults]
        return ended_s - began_s - sum(overlaps)

    @staticmethod
    def overlap_s(fault: FaultWindow, began_s: float, ended_s: float) -> float | None:
        window_ended_s = fault.ended_s if fault.healed_s is None else fault.healed_s
        overlap_s = min(ended_s, window_ended_s) - max(began_s, fault.began_s)
        return overlap_s if overlap_s >= 0 else None


def accepts(operation: Operation) -> bool:
    return operation.action is Action.SUBMIT and operation.succeeded
