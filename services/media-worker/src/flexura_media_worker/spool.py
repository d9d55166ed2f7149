"""The folder where results lie until they are stored: one for each process, removed with it."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from flexura_kit import log
from flexura_media_worker.domain import Lease

LOCK = "lock"

logger = log.get_logger()


class FolderSpool:
    """Files of this process. A result is there from its first byte until it is stored or given up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def reserve(self, lease: Lease) -> Iterator[Path]:
        path = self._folder / f"{lease.job_id}-{lease.token[:8]}"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def size_bytes(self, path: Path) -> int:
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return 0


@contextmanager
def folder_spool(parent: Path, worker_id: str) -> Iterator[FolderSpool]:
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    remove_stale(parent)
    folder = parent / worker_id
    folder.mkdir(mode=0o700)
    with locked(folder / LOCK):
        try:
            yield FolderSpool(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove_stale(parent: Path) -> None:
    """Removes what dead workers left. The lock of a process goes with it, however it ends."""
    for lock in parent.glob(f"*/{LOCK}"):
        with lock.open("a") as file:
            if take_lock(file):
                shutil.rmtree(lock.parent, ignore_errors=True)
                logger.info("stale_spool_removed", folder=lock.parent.name)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        take_lock(file)
        yield


def take_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
