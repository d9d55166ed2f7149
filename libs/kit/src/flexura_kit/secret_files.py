"""Whether the files that the settings name are there: a file that has gone is missed at the next start."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from flexura_kit.settings import PREFIX, Group

CHECK_S = 5.0


class NamedFiles:
    """A check for the lifecycle. What a file said was read at the start, so a file that has gone stops nothing yet."""

    def __init__(self, settings: BaseModel) -> None:
        self._files = dict(named_files(settings))
        self._checked_at = float("-inf")
        self._trouble: str | None = None

    def why_impaired(self) -> str | None:
        if time.monotonic() - self._checked_at >= CHECK_S:
            self._checked_at = time.monotonic()
            gone = [f"{name} names {file}, which cannot be read" for name, file in self._files.items() if lacks(file)]
            self._trouble = f"{'; '.join(gone)}: put it back before the next start" if gone else None
        return self._trouble


def named_files(settings: BaseModel, prefix: str = PREFIX) -> Iterator[tuple[str, Path]]:
    """The files that settings name, by the variables that name them."""
    for name, value in settings:
        if isinstance(value, Group):
            yield from named_files(value, f"{prefix}{name}_".upper())
        elif isinstance(value, Path) and name.endswith("_file"):
            yield f"{prefix}{name}".upper(), value


def lacks(file: Path) -> bool:
    return not os.access(file, os.R_OK)
