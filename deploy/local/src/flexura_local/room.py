"""Whether the disks of a home have the room that a start needs."""

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from flexura_kit.startup import os_fault

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
START_BYTES = 4 << 20
# What lies in a home and may have a disk of its own.
NEEDED = (".", "db", "nats", "nats/jetstream", "s3", "s3/data", "secrets", "spool")
LOG = "log"


class NoRoomError(Exception):
    """A disk is full; the message says which, and what to do."""


def refuse_full_disks(home: Path) -> None:
    """Raises NoRoomError where a disk has no room for what the parts write as they start."""
    for folder in disks(home / name for name in NEEDED):
        if (error := why_full(folder)) is not None:
            raise no_room(folder, error)


def why_no_logs(home: Path) -> str | None:
    """What becomes of logs on a full disk, which is no reason not to start; None where there is room."""
    folder = home / LOG
    error = why_full(folder) if folder.is_dir() else None
    return f"{full(folder, error)}; lines of logs are dropped until there is room" if error else None


def no_room(folder: Path, error: OSError) -> NoRoomError:
    return NoRoomError(
        f"{full(folder, error)}, and a start needs {START_BYTES >> 20} MB. Make room there, then start it again"
    )


def full(folder: Path, error: OSError) -> str:
    about = os.statvfs(next(path for path in (folder, *folder.parents) if path.exists()))
    has_files_left = about.f_favail > 0 or about.f_files == 0  # Some disks do not count them.
    free = f"{about.f_bavail * about.f_frsize / (1 << 20):.1f} MB" if has_files_left else "no further file"
    return f"the disk of {folder} is full ({os_fault(error)}; free: {free})"


def disks(folders: Iterable[Path]) -> list[Path]:
    """One of the folders on each disk, without those that are not there yet."""
    found: dict[int, Path] = {}
    for folder in folders:
        if folder.is_dir():
            found.setdefault(folder.stat().st_dev, folder)
    return list(found.values())


def why_full(folder: Path) -> OSError | None:
    """Tries it with a file that is gone at once; None where there is room."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, START_BYTES)
    except OSError as error:
        if error.errno not in FULL:
            raise
        return OSError(error.errno, os.strerror(error.errno))
    return None
