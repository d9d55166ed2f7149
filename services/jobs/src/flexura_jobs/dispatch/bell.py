"""What wakes the dispatcher, in this process and in others."""

import asyncio
import contextlib


class DispatchBell:
    """Rung for every reason to look at the queue; any number of rings is one look."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout_s: float) -> bool:
        """Waits for a ring, at most so long; answers whether there was one."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        was_rung = self._rung.is_set()
        self._rung.clear()
        return was_rung
