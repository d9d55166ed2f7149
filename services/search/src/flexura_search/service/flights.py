"""One call for all who ask the same at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from flexura_kit.errors import FlexuraError, Kind, Reason

T = TypeVar("T")


@dataclass(slots=True)
class Flight(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


class Flights(Generic[T]):
    """Whoever joins shares the result or the error; whoever leaves does not touch the others, but the last ends it."""

    def __init__(self) -> None:
        self._under_way: dict[str, Flight[T]] = {}

    async def join(self, key: str, begin: Callable[[], Awaitable[T]], timeout_s: float) -> T:
        flight = self._under_way.get(key) or self._begun(key, begin)
        flight.waiting += 1
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(flight.task)
        except TimeoutError as error:
            message = "the search did not end in its time; allow more with `timeout_ms`, or ask for less"
            raise FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, message) from error
        except FlexuraError as error:
            # One instance for each who asked: a raised exception collects the traceback of whoever raises it.
            raise FlexuraError(
                error.kind, error.reason, error.message, error.violations, **error.metadata
            ) from error.__cause__
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                # Nobody holds a place for it any longer.
                flight.task.cancel()
                self._forget(key, flight)

    async def aclose(self) -> None:
        """Ends what is under way."""
        tasks = [flight.task for flight in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begun(self, key: str, begin: Callable[[], Awaitable[T]]) -> Flight[T]:
        async def fly() -> T:
            return await begin()

        flight = Flight(asyncio.create_task(fly(), name="search-flight"))
        self._under_way[key] = flight
        flight.task.add_done_callback(lambda _: self._forget(key, flight))
        return flight

    def _forget(self, key: str, flight: Flight[T]) -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]
