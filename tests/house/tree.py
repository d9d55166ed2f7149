"""The files of this repository, as git knows them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Everything that is committed or about to be, relative to the root; generated stubs are not ours to judge."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is where the person has it.
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout
    paths = (Path(name) for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.parts[:2] != ("protos", "gen") and (ROOT / path).is_file())


def text(path: Path) -> str:
    """Reads a file of ours; bytes that are no text stand for nothing that a check looks for."""
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")
