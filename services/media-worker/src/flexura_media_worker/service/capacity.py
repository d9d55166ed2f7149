"""How many jobs are taken at once."""

import asyncio
from collections import deque


class Slot:
    """Leave to compute one job. Freeing it twice is the same as once."""

    def __init__(self, capacity: "Capacity") -> None:
        self._capacity: Capacity | None = capacity

    def free(self) -> None:
        if self._capacity is not None:
            self._capacity.give_back()
            self._capacity = None


class Capacity:
    """The slots of this worker: who asks first is served first, so that no model keeps the others out."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._free = slots
        self._is_open = True
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._changed = asyncio.Event()

    @property
    def busy(self) -> int:
        return self.slots - self._free

    def close(self) -> None:
        """Gives out no more slots; whoever waits for one goes away without."""
        self._is_open = False
        self._changed.set()

    async def wait_until_free(self) -> bool:
        """Waits until a slot is free, without taking it; answers False once none will be given out any more."""
        while self._is_open and self._free == 0:
            self._changed.clear()
            await self._changed.wait()
        return self._is_open

    async def take(self, within_s: float) -> Slot | None:
        """Takes a slot, or answers None where none becomes free in time."""
        if self._free > 0:
            self._free -= 1
            return Slot(self)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await asyncio.wait({turn}, timeout=within_s)
        if turn.done():
            return Slot(self)
        turn.cancel()
        return None

    def give_back(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                # It passes from hand to hand and is never free in between.
                turn.set_result(None)
                return
        self._free += 1
        self._changed.set()
