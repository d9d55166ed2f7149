"""Which supervisors run from a virtual environment, whatever their homes."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PROCESSES = Path("/proc")
HOME_DEFAULT = b".flexura"


def supervisors(virtual_environment: str) -> Iterator[tuple[int, Path]]:
    """The processes of `make run` that use this virtual environment, each with its home."""
    for folder in PROCESSES.iterdir():
        if not folder.name.isdecimal():
            continue
        # A process may end at any moment, and that of another user keeps its things to itself.
        with contextlib.suppress(OSError):
            process = int(folder.name)
            if process != os.getpid() and is_supervisor(folder, virtual_environment):
                yield process, home_of(folder)


def is_supervisor(folder: Path, virtual_environment: str) -> bool:
    program, *arguments = (folder / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    if arguments != [b"-m", b"flexura_local"]:
        return False
    # Not resolved: the program of a virtual environment is a link to another one's.
    path = os.path.normpath((folder / "cwd").readlink() / os.fsdecode(program))
    return Path(path).is_relative_to(virtual_environment)


def home_of(folder: Path) -> Path:
    pairs = (pair.partition(b"=") for pair in (folder / "environ").read_bytes().split(b"\0"))
    environment = {name: value for name, _, value in pairs}
    home = Path(os.fsdecode(environment.get(b"FLEXURA_HOME") or HOME_DEFAULT))
    with contextlib.suppress(RuntimeError):
        home = home.expanduser()
    return (folder / "cwd").readlink() / home
