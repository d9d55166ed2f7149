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
        self._closed = asyncio.Event()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._changed = asyncio.Event()

    @property
    def busy(self) -> int:
        return self.slots - self._free

    def close(self) -> None:
        """Gives out no more slots; whoever waits for one goes away without."""
        self._closed.set()
        self._changed.set()

    async def wait_until_free(self) -> bool:
        """Waits until a slot is free, without taking it; answers False once none will be given out any more."""
        while self._free == 0 and not self._closed.is_set():
            self._changed.clear()
            await self._changed.wait()
        return not self._closed.is_set()

    async def take(self, within_s: float) -> Slot | None:
        """Takes a slot, or answers None where none becomes free in time or none is given out any more."""
        if self._closed.is_set():
            return None
        if self._free > 0:
            self._free -= 1
            return Slot(self)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await asyncio.wait({turn}, timeout=within_s)
        if not turn.done():
            turn.cancel()
        elif not self._closed.is_set():
            return Slot(self)
        else:
            # Closed meanwhile: work that began now would be in nobody's list of what to hand back.
            self.give_back()
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
