"""One call for all who ask the same at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from flexura_kit.errors import FlexuraError, Kind, Reason

T = TypeVar("T")


class Flights(Generic[T]):
    """Whoever joins shares the result or the error; whoever leaves does not touch the others."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[T]] = {}

    async def join(self, key: str, begin: Callable[[], Awaitable[T]], timeout_s: float) -> T:
        flight = self._under_way.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fly(key, begin), name="search-flight")
            self._under_way[key] = flight
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(flight)
        except TimeoutError as error:
            message = "the search did not end in its time; allow more with `timeout_ms`, or ask for less"
            raise FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, message) from error
        except FlexuraError as error:
            # One instance for each who asked: a raised exception collects the traceback of whoever raises it.
            raise FlexuraError(
                error.kind, error.reason, error.message, error.violations, **error.metadata
            ) from error.__cause__

    async def aclose(self) -> None:
        """Ends what nobody waits for any longer."""
        flights = list(self._under_way.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _fly(self, key: str, begin: Callable[[], Awaitable[T]]) -> T:
        try:
            return await begin()
        finally:
            del self._under_way[key]
