"""Waiting for what happens soon, with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable

POLL_S = 0.05


async def eventually(happened: Callable[[], bool | Awaitable[bool]], within_s: float = 10) -> None:
    """Returns once it happened; fails when it did not in time."""
    deadline = time.monotonic() + within_s
    while True:
        result = happened()
        if result if isinstance(result, bool) else await result:
            return
        assert time.monotonic() < deadline, f"did not happen within {within_s} s"
        await asyncio.sleep(POLL_S)
