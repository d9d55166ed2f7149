"""What every client asked and was told, with times, and when which fault was on."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

FINISHED = frozenset({"completed", "failed"})


class Action(StrEnum):
    SUBMIT = "submit"
    READ = "read"
    FETCH = "fetch"
    CANCEL = "cancel"
    DELETE = "delete"


SUCCEEDED = {
    Action.SUBMIT: frozenset({200, 202}),
    # 410 is the right answer once the owner has deleted the job; whether he had, the checker knows.
    Action.READ: frozenset({200, 410}),
    Action.FETCH: frozenset({200, 410}),
    Action.CANCEL: frozenset({200, 410}),
    Action.DELETE: frozenset({204}),
}


@dataclass(frozen=True)
class Content:
    """Bytes by their digest and number."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class JobView:
    """A job as one answer told it, as far as it must not change once it has ended."""

    status: str
    attempt: int
    url: str = ""
    content: Content | None = None
    code: str = ""
    finished_at: str = ""

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @classmethod
    def of(cls, job: dict[str, Any]) -> "JobView":
        asset = job.get("asset")
        content = Content(asset["sha256"], asset["size_bytes"]) if asset else None
        return cls(
            job["status"],
            job.get("attempt", 0),
            job.get("asset_url", ""),
            content,
            job.get("code", ""),
            job.get("finished_at", ""),
        )


@dataclass(frozen=True)
class Operation:
    """One call of one client."""

    action: Action
    client: str
    began_s: float
    ended_s: float
    status: int
    """HTTP status; 0 where no answer came."""
    job_id: str = ""
    view: JobView | None = None
    content: Content | None = None
    key: str = ""
    """What makes a submit one and the same: its Idempotency-Key, or a name of its own where it has none."""
    wait_s: float = 0.0
    """How long it asked to wait for the job's end; 0 where it wanted an answer at once."""

    @property
    def took_s(self) -> float:
        return self.ended_s - self.began_s

    @property
    def succeeded(self) -> bool:
        return self.status in SUCCEEDED[self.action]


@dataclass(frozen=True)
class JobEvent:
    """A change of state as the account's feed has it, by its number there."""

    number: int
    job_id: str
    state: str


@dataclass(frozen=True)
class Message:
    """What a webhook told of a job that had ended."""

    message_id: str
    job_id: str
    status: str
    content: Content | None
    is_signed: bool = True


@dataclass(frozen=True)
class FaultWindow:
    """One fault; healed is when a job submitted after its end had completed, None where none did in time."""

    kind: str
    began_s: float
    ended_s: float
    healed_s: float | None

    @property
    def heal_s(self) -> float | None:
        return None if self.healed_s is None else self.healed_s - self.ended_s


@dataclass
class History:
    """Everything of one run, in the order in which it ended."""

    operations: list[Operation] = field(default_factory=list)
    faults: list[FaultWindow] = field(default_factory=list)
    events: list[JobEvent] | None = None
    """The account's feed at the end; None where nobody looked."""
    followed: list[JobEvent] | None = None
    """What a client that followed the feed was told, in the order in which it came; None where none did."""
    follows: int = 0
    """How often it was let in."""
    messages: list[Message] = field(default_factory=list)
    has_webhook: bool = False
    clock: Callable[[], float] = time.monotonic
    began: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self.began

    def of_job(self, job_id: str) -> list[Operation]:
        return [operation for operation in self.operations if operation.job_id == job_id]

    def write(self, file: Path) -> None:
        rows: Iterable[Any] = [
            *self.faults,
            *self.operations,
            *(self.events or []),
            *(self.followed or []),
            *self.messages,
        ]
        file.write_text("".join(json.dumps(dataclasses.asdict(row)) + "\n" for row in rows))
