"""This process's shelf before the shared one."""

import asyncio

from flexura_search.domain.materials import Material, SearchMaterial
from flexura_search.kept.memory import MemoryShelf
from flexura_search.kept.shared import SharedShelf
from flexura_search.kept.sizes import characters_of, maybe_aside
from flexura_search.kept.writing import name_of

WRITES_MAX = 64  # Under way to the shared shelf; what comes on top stays in this process.


class Shelves:
    """Implements Shelf. Whoever searches does not wait for the shared shelf to be written."""

    def __init__(self, memory: MemoryShelf, shared: SharedShelf) -> None:
        self._memory = memory
        self._shared = shared
        self._writing: set[asyncio.Task[None]] = set()

    async def find(self, order_key: str) -> tuple[str, SearchMaterial] | None:
        here = self._memory.find(order_key)
        if here is not None:
            return here
        there = await self._shared.find(order_key)
        if there is None:
            return None
        name, found_s = there
        material = await self.fetch(name)
        if not isinstance(material, SearchMaterial):
            return None
        self._memory.point(order_key, name, found_s)
        return name, material

    async def keep(self, material: Material, kept_s: float, order_key: str = "", found_s: float = 0.0) -> str:
        name = await maybe_aside(characters_of(material), name_of, material)
        self._memory.keep(name, material, kept_s)
        if order_key:
            self._memory.point(order_key, name, found_s)
        if len(self._writing) < WRITES_MAX:
            keeping = self._shared.keep(name, material, kept_s, order_key, found_s)
            writing = asyncio.create_task(keeping, name="cache-write")
            self._writing.add(writing)
            writing.add_done_callback(self._writing.discard)
        return name

    async def fetch(self, name: str) -> Material | None:
        here = self._memory.fetch(name)
        if here is not None:
            return here
        there = await self._shared.fetch(name)
        if there is None:
            return None
        material, kept_s = there
        self._memory.keep(name, material, kept_s)
        return material

    async def aclose(self) -> None:
        """Gives up what is being written."""
        for writing in self._writing:
            writing.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)
