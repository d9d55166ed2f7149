"""Files that survive a crash: written as a whole or not at all, and on disk when the call returns."""

import os
import tempfile
from pathlib import Path

OWNER_ONLY = 0o600
DRAFT_SUFFIX = ".draft"


def write_durably(file: Path, content: str | bytes, mode: int = OWNER_ONLY) -> None:
    """Replaces the file in one step; after a power cut there is the old content or the new one, never a part."""
    data = content.encode() if isinstance(content, str) else content
    try:
        _replace(file, data, mode)
    except OSError as error:
        # A write that fails names no file, and a draft is no name that anybody knows.
        raise OSError(error.errno, error.strerror, str(file)) from error
    sync_folder(file.parent)


def make_folder_durably(folder: Path, mode: int = 0o700) -> None:
    """Makes the folder and those above it that are missing; they are there after a power cut too."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=mode, exist_ok=True)
        sync_folder(path.parent)


def sync_file(file: Path) -> None:
    """Waits until the content of the file is on disk."""
    _sync(file, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """Waits until the names in the folder are on disk: a rename or a new file lasts only then."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _replace(file: Path, data: bytes, mode: int) -> None:
    descriptor, draft = tempfile.mkstemp(DRAFT_SUFFIX, f".{file.name}.", file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
