"""Whose fault an error in mid-work is: the worker's, where its disk or its machine refuses what any job needs."""

import errno
from collections.abc import Iterator
from pathlib import Path

from flexura_media_worker.domain import WorkerFault, WorkerPart

# Of the disk, whatever file was written at the time.
DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN}
)
# Of the machine: no more processes, threads or open files.
MACHINE = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN})
# Of the disk where they are about the spool, and of the provider where they are about anything else, such as a program.
OF_A_PATH = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ELOOP})


def worker_fault(error: BaseException, provider: str, spool_path: Path) -> WorkerFault | None:
    """Looks at the error and at those that it came from; None where nothing says that the worker is to blame."""
    for cause in chain(error):
        if isinstance(cause, ImportError):
            return WorkerFault(provider, f"{type(cause).__name__}: {cause}")
        if isinstance(cause, OSError) and (part := part_of(cause, provider, spool_path)):
            return WorkerFault(part, str(cause))
    return None


def part_of(error: OSError, provider: str, spool_path: Path) -> str | None:
    if error.errno in DISK:
        return WorkerPart.SPOOL
    if error.errno in MACHINE:
        return WorkerPart.GENERATORS
    if error.errno in OF_A_PATH:
        is_spool = Path(str(error.filename)).is_relative_to(spool_path.parent)
        return WorkerPart.SPOOL if is_spool else provider
    return None


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
