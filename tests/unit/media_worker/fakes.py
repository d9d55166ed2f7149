"""What attempts work with, played by objects that remember."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_media_worker.domain import (
    Announcement,
    Checkpoint,
    ClaimedJob,
    Failure,
    GenerationRequest,
    Lease,
    Media,
    MediaType,
    Verdict,
)
from flexura_media_worker.ports import Progress

LEASE = Lease("job", "abcdefgh-token")
MEDIA = Media("image/png", "png", 3, "ab", 64, 64)
BUSY = FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "not at present")
REFUSED = FlexuraError(Kind.REFUSED, Reason.JOB_NOT_CLAIMABLE, "not to be claimed")
LOST = FlexuraError(Kind.REFUSED, Reason.LEASE_LOST, "lost")


def claimed(
    time_left_s: float = 60.0, provider: str = "flexura-testcard", time_to_deadline_s: float = 60.0
) -> ClaimedJob:
    time_left, time_to_deadline = timedelta(seconds=time_left_s), timedelta(seconds=time_to_deadline_s)
    return ClaimedJob(LEASE, 1, MediaType.IMAGE, provider, "image", "a prompt", {}, time_left, time_to_deadline)


class ScriptedJobs:
    """Answers each call with the next item of its script, and with success once the script is over."""

    def __init__(self, **scripts: list[object]) -> None:
        self.scripts = scripts
        self.calls: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.job = claimed()
        self.claimed: list[Lease] = []
        self.completed: list[tuple[Lease, str, Media]] = []
        self.failed: list[Failure] = []
        self.faults: list[str] = []
        self.renewed: list[list[tuple[Lease, float]]] = []

    async def announce(self, _providers: Sequence[str]) -> Announcement:
        self._next("announce")
        return Announcement((), timedelta(seconds=15), timedelta(seconds=4), timedelta(seconds=5))

    async def claim(self, lease: Lease) -> ClaimedJob:
        assert lease.job_id == self.job.lease.job_id
        self.claimed.append(lease)
        self._next("claim")
        return self.job

    async def renew(self, leases: Sequence[tuple[Lease, float]]) -> Sequence[Verdict]:
        self.renewed.append(list(leases))
        answer = self._next("renew")
        return [answer if isinstance(answer, Verdict) else Verdict.OK for _ in leases]

    async def checkpoint(self, _lease: Lease, checkpoint: Checkpoint, upstream_ref: str = "") -> None:
        self._next(f"checkpoint {checkpoint} {upstream_ref}".strip())

    async def complete(self, lease: Lease, object_key: str, media: Media) -> None:
        self._next("complete")
        self.completed.append((lease, object_key, media))

    async def fail(self, _lease: Lease, failure: Failure) -> None:
        self._next("fail")
        self.failed.append(failure)

    async def release(self, _lease: Lease, fault: str = "") -> None:
        self._next("release")
        if fault:
            self.faults.append(fault)

    def _next(self, call: str) -> object:
        self.calls.append(call)
        self.before.get(call, lambda: None)()
        script = self.scripts.get(call)
        answer = script.pop(0) if script else None
        if isinstance(answer, FlexuraError):
            raise answer
        return answer


class RememberedHint:
    def __init__(self) -> None:
        self.job_id = LEASE.job_id
        self.ends: list[str] = []

    async def settle(self) -> None:
        self.ends.append("settled")

    async def return_after(self, delay_s: float) -> None:
        self.ends.append(f"returned after {delay_s:g}")


class MemorySpool:
    def __init__(self, folder: Path = Path("/spool"), size_bytes: int = 3) -> None:
        self.folder = folder
        self.size = size_bytes
        self.open = 0

    @contextmanager
    def reserve(self, lease: Lease) -> Iterator[Path]:
        self.open += 1
        try:
            yield self.folder / lease.job_id
        finally:
            self.open -= 1

    def size_bytes(self, path: Path) -> int:
        assert path == Path("/spool/job")
        return self.size


class MemoryAssets:
    def __init__(self, *script: FlexuraError | OSError) -> None:
        self.script = list(script)
        self.keys: list[str] = []

    async def upload_file(self, key: str, _path: Path, _content_type: str) -> None:
        if self.script:
            raise self.script.pop(0)
        self.keys.append(key)

    async def remove(self, key: str) -> None:
        self.keys.remove(key)


class Generator:
    """A provider that does what it is told to."""

    def __init__(self, does: object = MEDIA) -> None:
        self.does = does
        self.was_cancelled = False

    async def generate(self, _request: GenerationRequest, progress: Progress) -> Media:
        progress(0.5)
        if isinstance(self.does, Exception):
            raise self.does
        if isinstance(self.does, Media):
            return self.does
        return await self._wait()

    async def _wait(self) -> Media:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        return MEDIA
