"""Files that a start has made and that parts need: made again, as they were, where somebody deletes them."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from flexura_kit.files import write_durably

PRIVATE = 0o700


class KeptFiles:
    """What is in them when this is made; a file that is there is left as it is."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._contents = {file: file.read_bytes() for file in files if file.is_file()}

    def restore(self) -> list[Path]:
        """Makes those again that are gone, and answers them; one that cannot be made is tried again the next time."""
        return [file for file in self._contents if not file.exists() and self._is_made(file)]

    def _is_made(self, file: Path) -> bool:
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            write_durably(file, self._contents[file])
            return True
        return False
