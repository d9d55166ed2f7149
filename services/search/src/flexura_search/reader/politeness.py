"""How hard a single host is asked."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from flexura_search.reader.failures import overloaded

AT_ONCE_MAX = 2
HOSTS_MAX = 1000


@dataclass(slots=True)
class _Host:
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE_MAX))
    next_at: float = 0.0
    users: int = 0


class Politeness:
    """At most two fetches of a host at once, and as far apart as it asks."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    @asynccontextmanager
    async def turn(self, host: str, delay_s: float = 0.0) -> AsyncIterator[None]:
        state = self._state(host)
        state.users += 1
        try:
            async with state.free:
                await self._wait(state, delay_s)
                yield
        finally:
            state.users -= 1

    async def _wait(self, state: _Host, delay_s: float) -> None:
        if delay_s <= 0:
            return
        wait_s = state.next_at - self._clock()
        state.next_at = max(state.next_at, self._clock()) + delay_s
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def _state(self, host: str) -> _Host:
        if host not in self._hosts and len(self._hosts) >= HOSTS_MAX:
            self._forget_one(host)
        state = self._hosts.setdefault(host, _Host())
        self._hosts.move_to_end(host)
        return state

    def _forget_one(self, host: str) -> None:
        unused = next((name for name, state in self._hosts.items() if state.users == 0), None)
        if unused is None:
            raise overloaded(host)
        del self._hosts[unused]
