"""Whether the files that the settings name are there: a file that has gone is missed at the next start."""

import os
import time
from pathlib import Path

from pydantic import BaseModel

from flexura_kit.settings import named_files

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


def lacks(file: Path) -> bool:
    return not os.access(file, os.R_OK)
