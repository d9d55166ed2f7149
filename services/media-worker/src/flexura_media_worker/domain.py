"""A claimed job, what a provider makes of it, and how an attempt may end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any


class MediaType(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class Checkpoint(StrEnum):
    """How far the call to a provider is."""

    NONE = "none"
    CREATING = "creating"
    CREATED = "created"


class Verdict(StrEnum):
    """What the jobs service says of a lease that is to be renewed."""

    OK = "ok"
    CANCELED = "canceled"
    LOST = "lost"


class Ending(StrEnum):
    """Why work on a job stops before it is done."""

    CANCELED = "canceled"
    LOST = "lost"
    UNRENEWED = "unrenewed"
    """The jobs service was out of reach for as long as a lease lasts."""
    RELEASED = "released"
    """The worker stops."""
    PAUSED = "paused"
    """The worker takes no work of this kind at present."""


class FailureReason(StrEnum):
    """Why an attempt failed; the names are those of the public reasons."""

    PROVIDER_FAILED = "provider_failed"
    """Its answer is an error: the call is over, and a further attempt makes it anew."""
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_RETURNED_NOTHING = "provider_returned_nothing"
    GENERATOR_CRASHED = "generator_crashed"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    SERVICE_UNAVAILABLE = "service_unavailable"
    """Somebody did not answer: the call may go on, and a further attempt resumes it by its name."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How an attempt failed: a sentence for the owner of the job, and whether another attempt may succeed."""

    reason: FailureReason
    message: str
    is_retryable: bool


class GenerationError(Exception):
    """Raised by providers where nothing comes of a request."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class UnexpectedEndError(GenerationError):
    """Raised where a generator broke off in a way that it does not explain: the request or the worker may be why."""


class WorkerPart(StrEnum):
    """The parts of a worker that all of its work needs. A provider is a part as well, under its own name."""

    SPOOL = "spool"
    GENERATORS = "generators"
    """The processes that compute."""
    STORE = "store"
    WORKER = "worker"
    """Its own code."""


@dataclass(frozen=True, slots=True)
class WorkerFault:
    """A fault of this worker, which says nothing of the job that met it."""

    part: str
    message: str


class WorkerFaultError(Exception):
    """Raised where work on a job breaks off for a fault of this worker."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(f"{part}: {message}")
        self.fault = WorkerFault(part, message)


@dataclass(frozen=True, slots=True)
class Lease:
    """Proof that this worker owns a job, once it was granted; goes with every report."""

    job_id: str
    token: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What a provider is asked for, and the file that it writes."""

    lease: Lease
    provider: str
    media_type: MediaType
    upstream_model: str
    prompt: str
    options: Mapping[str, Any]
    spool_path: Path
    checkpoint: Checkpoint = Checkpoint.NONE
    """How far an earlier attempt got. A provider behind a network resumes from it and never pays twice."""
    upstream_ref: str = ""
    """What the provider called the earlier call."""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What a provider that works by rules made of a prompt."""

    understood: tuple[str, ...] = ()
    """In words, such as `subject: city`, each with what it decided."""
    unknown: tuple[str, ...] = ()
    """The words of the prompt that decided nothing."""


@dataclass(frozen=True, slots=True)
class Media:
    """What a provider wrote into the spool file."""

    content_type: str
    extension: str
    size_bytes: int
    sha256: str
    width: int = 0
    height: int = 0
    duration_s: float = 0.0
    interpreted_as: Interpretation | None = None
    """Of providers that work by rules."""


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job under a lease of this worker."""

    lease: Lease
    attempt: int
    media_type: MediaType
    provider: str
    upstream_model: str
    prompt: str
    options: Mapping[str, Any]
    time_left: timedelta
    time_to_deadline: timedelta
    checkpoint: Checkpoint = Checkpoint.NONE
    upstream_ref: str = ""
    traceparent: str = ""

    def request(self, spool_path: Path) -> GenerationRequest:
        return GenerationRequest(
            self.lease,
            self.provider,
            self.media_type,
            self.upstream_model,
            self.prompt,
            self.options,
            spool_path,
            self.checkpoint,
            self.upstream_ref,
        )

    def object_key(self, extension: str) -> str:
        """A key of this attempt alone: what a worker that lost its lease still writes, nobody reads."""
        return f"jobs/{self.lease.job_id}/{self.attempt}-{self.lease.token[:8]}.{extension}"


@dataclass(frozen=True, slots=True)
class WorkSource:
    """A durable consumer of JetStream to pull hints from."""

    stream: str
    durable: str
    model: str
    ack_wait: timedelta


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the jobs service answers to a worker that says it lives."""

    sources: tuple[WorkSource, ...]
    lease_duration: timedelta
    renew_interval: timedelta
    announce_interval: timedelta
