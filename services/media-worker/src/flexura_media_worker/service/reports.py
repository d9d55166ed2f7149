"""What an attempt came to, and how long each part of it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    LOST = "lost"
    UNRENEWED = "unrenewed"
    RELEASED = "released"
    WORKER_FAULT = "worker_fault"
    """This worker was at fault: the job was handed back, and it cost no attempt."""
    PAUSED = "paused"
    """The job was not begun, because this worker takes no work of its kind at present."""
    REFUSED = "refused"
    """The claim was: another worker has the job, or it has ended."""
    UNCLAIMED = "unclaimed"
    """The jobs service could not be asked."""
    UNREPORTED = "unreported"
    """The jobs service would not take the report."""


@dataclass(slots=True)
class AttemptReport:
    """Filled in while the attempt goes on."""

    job_id: str
    outcome: Outcome = Outcome.UNREPORTED
    attempt: int = 0
    provider: str = ""
    reason: str = ""
    size_bytes: int = 0
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds by name: claim, generate, upload, report."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begin = time.monotonic()
        try:
            yield
        finally:
            self.stages[name] = time.monotonic() - begin
