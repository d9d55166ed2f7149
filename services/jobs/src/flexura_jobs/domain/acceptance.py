"""What may become of a request for a job."""

from dataclasses import dataclass

from flexura_jobs.domain.jobs import Job


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How many jobs may be queued at once."""

    of_account: int
    of_all: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """The request was accepted before, as this job."""

    job: Job


@dataclass(frozen=True, slots=True)
class KeyReused:
    """The key stands for another request, which differs in these fields."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QueueFull:
    """As many jobs are queued as may be: of the account, or of all."""

    queued: int
    limit: int
    is_of_account: bool


Acceptance = Job | Replayed | KeyReused | QueueFull | None
"""None where the job's id is another account's."""
