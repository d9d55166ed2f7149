"""One call for all who ask the same at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from flexura_kit.errors import FlexuraError

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(slots=True)
class Flight(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


class Flights(Generic[K, T]):
    """Whoever joins shares the result or the error; whoever leaves does not touch the others, but the last ends it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._under_way: dict[K, Flight[T]] = {}
        self._tasks: set[asyncio.Task[T]] = set()

    async def join(self, key: K, begin: Callable[[], Awaitable[T]]) -> T:
        flight = self._under_way.get(key) or self._begun(key, begin)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
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
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begun(self, key: K, begin: Callable[[], Awaitable[T]]) -> Flight[T]:
        async def fly() -> T:
            return await begin()

        flight = Flight(asyncio.create_task(fly(), name=self._name))
        self._under_way[key] = flight
        self._tasks.add(flight.task)
        flight.task.add_done_callback(lambda task: self._landed(key, flight, task))
        return flight

    def _landed(self, key: K, flight: Flight[T], task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        self._forget(key, flight)
        if not task.cancelled():
            task.exception()  # Whoever waited has it; where nobody did, nobody misses it.

    def _forget(self, key: K, flight: Flight[T]) -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]
