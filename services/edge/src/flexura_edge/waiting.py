"""Who waits for a job or for an account's events, and what wakes them."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager

LOOK_S = 2.0  # A wake-up that is lost costs no more than this.
SPREAD = 0.25  # By which share looks come earlier, so that those who began together do not look together.


class Waiter:
    """Armed from the start: what happens while it looks is not missed, and the next wait ends at once."""

    __slots__ = ("_woken",)

    def __init__(self) -> None:
        self._woken = asyncio.get_running_loop().create_future()

    def wake(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)

    async def wait(self, at_most_s: float) -> None:
        """Waits until it is woken, or until it is time to look all the same."""
        look_s = LOOK_S * (1 - SPREAD * random.random())  # noqa: S311 - it spreads load and guards nothing.
        timer = asyncio.get_running_loop().call_later(min(at_most_s, look_s), self.wake)
        try:
            await self._woken
        finally:
            timer.cancel()
        self._woken = asyncio.get_running_loop().create_future()


class Waiting:
    """All waiters by what they wait for. One costs a future and a timer; whoever is late or lost costs nothing."""

    def __init__(self) -> None:
        self._waiters: dict[str, set[Waiter]] = {}
        self.is_over = False
        """Set when the process stops: nobody waits any longer."""

    @contextmanager
    def waiter(self, topic: str) -> Iterator[Waiter]:
        """Registers one, before it looks for the first time, until the block is left."""
        waiter = Waiter()
        waiters = self._waiters.setdefault(topic, set())
        waiters.add(waiter)
        try:
            yield waiter
        finally:
            waiters.discard(waiter)
            if not waiters and self._waiters.get(topic) is waiters:
                del self._waiters[topic]

    def wake(self, topic: str) -> None:
        for waiter in self._waiters.get(topic, ()):
            waiter.wake()

    def wake_all(self) -> None:
        for topic in self._waiters:
            self.wake(topic)

    def end(self) -> None:
        """Has everybody answered with what is known."""
        self.is_over = True
        self.wake_all()

    def __len__(self) -> int:
        return sum(map(len, self._waiters.values()))
