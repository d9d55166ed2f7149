"""A SeaweedFS on this machine, which confirms before it is on disk: waiting until what it has written is there."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from flexura_kit.files import sync_file, sync_folder

# An index before its data: after a power cut each entry on disk then points at data on disk.
WRITTEN = ("*.idx", "*.vif", "*.dat", "filerldb*/*/*", "filerldb*/*", "filerldb*")

Version = tuple[int, int, int]


class StoreSync:
    """Callers that come while the files are written out share the round that follows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._synced: dict[Path, Version] = {}
        self._one_round = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        """Returns when all that the store has confirmed so far would survive a power cut."""
        if self._following is None:
            self._following = asyncio.create_task(self._sync(), name="store-sync")
        await asyncio.shield(self._following)

    async def _sync(self) -> None:
        async with self._one_round:
            # What is confirmed from here on may come too late for this round.
            self._following = None
            await asyncio.to_thread(self._sync_changed)

    def _sync_changed(self) -> None:
        for path in self._written():
            try:
                found = path.stat()
                version = (found.st_ino, found.st_size, found.st_mtime_ns)
                if self._synced.get(path) != version:
                    sync_file(path)
                    self._synced[path] = version
            except FileNotFoundError:
                # The store has replaced it by another one, which is among those that follow.
                self._synced.pop(path, None)
        sync_folder(self._folder)

    def _written(self) -> Iterator[Path]:
        for pattern in WRITTEN:
            yield from sorted(self._folder.glob(pattern))
