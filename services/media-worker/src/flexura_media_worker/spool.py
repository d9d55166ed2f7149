"""The folder where results lie until they are stored: one for each process, removed with it."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from flexura_kit import log
from flexura_media_worker.domain import Lease, WorkerFaultError, WorkerPart

LOCK = "lock"
PROBE = "probe"
PROBE_BYTES_MIN, PROBE_BYTES_MAX = 1 << 20, 64 << 20
PROBE_DOUBLINGS_MAX = 10

logger = log.get_logger()


class FolderSpool:
    """Files of this process. A result is there from its first byte until it is stored or given up."""

    def __init__(self, parent: Path, worker_id: str) -> None:
        self._parent = parent
        self._folder = parent / worker_id
        self._lock: IO[str] | None = None
        self.fault = ""
        """Why it could not be opened at the start."""

    @contextmanager
    def reserve(self, lease: Lease) -> Iterator[Path]:
        path = self._folder / f"{lease.job_id}-{lease.token[:8]}"
        try:
            yield path
        finally:
            # What cannot be removed goes with the folder; the job has its outcome whatever becomes of the file.
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def size_bytes(self, path: Path) -> int:
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise WorkerFaultError(WorkerPart.SPOOL, str(error)) from error

    def open(self) -> None:
        """Makes the folder where it is not there, and raises OSError where that cannot be."""
        self._parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._lock is None:
            remove_stale(self._parent)
        if not self._folder.exists():
            self._folder.mkdir(mode=0o700)
        if not (self._folder / LOCK).exists():
            self._release()
        if self._lock is None:
            self._lock = (self._folder / LOCK).open("a")
            take_lock(self._lock)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._release()

    async def probe(self, faults: int) -> None:
        """Raises WorkerFaultError where it takes no file; after more faults in a row a larger one has to fit."""
        size_bytes = min(PROBE_BYTES_MIN << min(faults, PROBE_DOUBLINGS_MAX), PROBE_BYTES_MAX)
        try:
            await asyncio.to_thread(self._probe, size_bytes)
        except OSError as error:
            raise WorkerFaultError(WorkerPart.SPOOL, str(error)) from error

    def _probe(self, size_bytes: int) -> None:
        self.open()
        write_and_remove(self._folder / PROBE, size_bytes)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


@contextmanager
def folder_spool(parent: Path, worker_id: str) -> Iterator[FolderSpool]:
    """Opens it if that can be; where not, its probe does so later."""
    spool = FolderSpool(parent, worker_id)
    try:
        try:
            spool.open()
        except OSError as error:
            spool.fault = str(error)
        yield spool
    finally:
        spool.close()


def write_and_remove(path: Path, size_bytes: int) -> None:
    """Writes a file of this size to the disk itself, as far as to learn whether it fits."""
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size_bytes)
            file.write(PROBE.encode())
            file.flush()
            os.fsync(file.fileno())
    finally:
        path.unlink(missing_ok=True)


def remove_stale(parent: Path) -> None:
    """Removes what dead workers left. The lock of a process goes with it, however it ends."""
    for lock in parent.glob(f"*/{LOCK}"):
        with lock.open("a") as file:
            if take_lock(file):
                shutil.rmtree(lock.parent, ignore_errors=True)
                logger.info("stale_spool_removed", folder=lock.parent.name)


def take_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
