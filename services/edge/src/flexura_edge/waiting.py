"""Who waits for a job or for an account's events, and what wakes them."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

LOOK_S = 2.0  # A wake-up that is lost costs no more than this, as long as few wait.
TICK_S = 0.1
LOOKS_PER_TICK = 40  # Of all together, 400 a second: 10,000 who hear nothing look every 25 seconds.
LOOKS_AT_ONCE = 1024  # Whoever is woken with all others takes turns: a quarter of the places that jobs are asked from.


class Waiter:
    """Armed from the start: what happens while it looks is not missed, and the next wait ends at once."""

    __slots__ = ("_asleep", "_woken")

    def __init__(self, asleep: "Asleep") -> None:
        self._asleep = asleep
        self._woken = asyncio.get_running_loop().create_future()

    def wake(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)

    async def wait(self, at_most_s: float) -> None:
        """Waits until it is woken, or until it is time to look all the same."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(at_most_s, self.wake)
        self._asleep.add(self)
        try:
            await self._woken
        finally:
            timer.cancel()
            self._asleep.discard(self)
        self._woken = loop.create_future()


class Asleep:
    """Waiters by how long they have slept."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._since: OrderedDict[Waiter, float] = OrderedDict()

    def add(self, waiter: Waiter) -> None:
        self._since[waiter] = self._now()

    def discard(self, waiter: Waiter) -> None:
        self._since.pop(waiter, None)

    def wake_longest(self, count_max: int, slept_s: float) -> None:
        """Wakes those who have slept for so long, the longest sleepers first."""
        before = self._now() - slept_s
        for waiter, since in list(islice(self._since.items(), count_max)):
            if since > before:
                return
            self.discard(waiter)
            waiter.wake()


class Waiting:
    """All waiters by what they wait for. One costs a future and a timer; whoever is late or lost costs nothing."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._waiters: dict[str, set[Waiter]] = {}
        self._asleep = Asleep(now)
        self.looks = asyncio.Semaphore(LOOKS_AT_ONCE)
        """Held by a waiter while it looks."""
        self.is_over = False
        """Set when the process stops: nobody waits any longer."""

    async def run(self) -> None:
        """Has those look again whom no wake-up has reached."""
        while True:
            await asyncio.sleep(TICK_S)
            self.tick()

    def tick(self) -> None:
        self._asleep.wake_longest(LOOKS_PER_TICK, LOOK_S)

    @contextmanager
    def waiter(self, *topics: str) -> Iterator[Waiter]:
        """Registers one, before it looks for the first time, until the block is left."""
        waiter = Waiter(self._asleep)
        for topic in topics:
            self._waiters.setdefault(topic, set()).add(waiter)
        try:
            yield waiter
        finally:
            for topic in topics:
                self._waiters[topic].discard(waiter)
                if not self._waiters[topic]:
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
