"""Starting again on other ports where a neighbour was quicker to take one."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

Server = TypeVar("Server")
TRIES_MAX = 3


async def with_fresh_ports(start: Callable[[], Awaitable[Server]]) -> Server:
    for _ in range(TRIES_MAX - 1):
        try:
            return await start()
        except RuntimeError:
            # It ended at start. Nearly always another run took its port between choosing and binding; the last try
            # tells whether it was that.
            continue
    return await start()
