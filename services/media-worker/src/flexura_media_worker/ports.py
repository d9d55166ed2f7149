"""What the use cases need from outside: providers, the jobs service, the store of assets, the hint of a job."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from flexura_media_worker.domain import (
    Announcement,
    Checkpoint,
    ClaimedJob,
    Failure,
    GenerationRequest,
    Lease,
    Media,
    Verdict,
)

Progress = Callable[[float], None]
"""Takes how far the work is, 0 to 1."""


class Provider(Protocol):
    """Makes media.

    One that computes here runs in a process of its own, which may be killed at any time; one that calls a service over
    the network runs in the worker and is cancelled.
    """

    async def generate(self, request: GenerationRequest, progress: Progress) -> Media:
        """Writes the spool file and describes it.

        Raises GenerationError where the request or the provider is why nothing comes of it, and WorkerFaultError where
        this worker is.
        """


class Checkpoints(Protocol):
    """What a provider takes in its constructor whose calls cost money."""

    async def checkpoint(self, lease: Lease, checkpoint: Checkpoint, upstream_ref: str = "") -> None:
        """Records how far a call is: CREATING before it is made, CREATED with the name that the provider gave it."""


class JobsService(Checkpoints, Protocol):
    """The jobs service, as a worker sees it. Every method raises FlexuraError."""

    async def announce(self, providers: Sequence[str]) -> Announcement:
        """Says that the worker lives and which providers it takes work for at present."""

    async def claim(self, lease: Lease) -> ClaimedJob:
        """Asks for the job under a lease of our own making; asked again, it answers like the first time."""

    async def renew(self, leases: Sequence[tuple[Lease, float]]) -> Sequence[Verdict]: ...

    async def complete(self, lease: Lease, object_key: str, media: Media) -> None: ...

    async def fail(self, lease: Lease, failure: Failure) -> None: ...

    async def release(self, lease: Lease, fault: str = "") -> None:
        """Hands the job back; `fault` names the part of this worker that was at fault."""


class Assets(Protocol):
    """The store of assets."""

    async def remove(self, key: str) -> None:
        """Removes an object; raises FlexuraError where that cannot be."""

    async def upload_file(self, key: str, path: Path, content_type: str) -> None:
        """Uploads the file and sees to it that the store has kept it.

        Raises FlexuraError where it has not, with `refusal` in its metadata where the store answered that it will not,
        and OSError where the file cannot be read.
        """


class Hint(Protocol):
    """Word from the stream that a job waits. None of its methods raises: a hint that is lost is given again."""

    @property
    def job_id(self) -> str: ...

    async def settle(self) -> None:
        """Takes the hint off the stream, and waits until it is off."""

    async def return_after(self, delay_s: float) -> None:
        """Gives the hint back, for any worker to take after a while."""


class Spool(Protocol):
    """Where results lie until they are stored."""

    def reserve(self, lease: Lease) -> AbstractContextManager[Path]:
        """Names a file for the result of an attempt, and removes it at the end."""

    def size_bytes(self, path: Path) -> int:
        """Answers 0 where there is no such file; raises WorkerFaultError where it cannot be seen."""
