"""One call for all who ask the same at the same time."""

import asyncio

import pytest

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.flights import Flights


class Upstream:
    def __init__(self, failure: Exception | None = None) -> None:
        self.calls = 0
        self.failure = failure
        self.gate = asyncio.Event()
        self.left = 0

    async def call(self) -> int:
        self.calls += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.left += 1
            raise
        if self.failure is not None:
            raise self.failure
        return self.calls


async def test_those_who_ask_the_same_share_a_call_and_whoever_comes_later_does_not() -> None:
    flights: Flights[str, int] = Flights("test")
    upstream = Upstream()
    asking = [asyncio.create_task(flights.join("key", upstream.call)) for _ in range(5)]
    await asyncio.sleep(0)
    upstream.gate.set()
    assert await asyncio.gather(*asking) == [1] * 5
    assert await flights.join("key", upstream.call) == 2


async def test_who_leaves_first_takes_nobody_along() -> None:
    flights: Flights[str, int] = Flights("test")
    upstream = Upstream()
    first, second = (asyncio.create_task(flights.join("key", upstream.call)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    upstream.gate.set()
    assert await second == 1


async def test_who_leaves_last_ends_it_and_the_next_one_begins_anew() -> None:
    flights: Flights[str, int] = Flights("test")
    upstream = Upstream()
    asking = [asyncio.create_task(flights.join("key", upstream.call)) for _ in range(2)]
    await asyncio.sleep(0.01)
    for one in asking:
        one.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert upstream.left == 1
    upstream.gate.set()
    assert await flights.join("key", upstream.call) == 2


async def test_an_error_is_shared_as_one_of_ones_own() -> None:
    flights: Flights[str, int] = Flights("test")
    upstream = Upstream(FlexuraError(Kind.BUSY, Reason.SEARCH_UNAVAILABLE, "nobody answered", engines="a"))
    upstream.gate.set()
    failures = await asyncio.gather(*(flights.join("key", upstream.call) for _ in range(3)), return_exceptions=True)
    assert [str(failure) for failure in failures] == ["nobody answered"] * 3
    assert len(set(map(id, failures))) == 3
    assert all(isinstance(failure, FlexuraError) and failure.metadata == {"engines": "a"} for failure in failures)


async def test_after_a_failure_the_next_one_begins_anew() -> None:
    flights: Flights[str, int] = Flights("test")
    upstream = Upstream(ZeroDivisionError("odd"))
    upstream.gate.set()
    with pytest.raises(ZeroDivisionError):
        await flights.join("key", upstream.call)
    upstream.failure = None
    assert await flights.join("key", upstream.call) == 2


async def test_whoever_has_less_time_leaves_the_others_in_the_air() -> None:
    flights: Flights[str, int] = Flights("test")
    upstream = Upstream()
    patient = asyncio.create_task(flights.join("key", upstream.call))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(flights.join("key", upstream.call), 0.02)
    upstream.gate.set()
    assert await patient == 1


async def test_others_are_not_held_up() -> None:
    flights: Flights[str, int] = Flights("test")
    slow, fast = Upstream(), Upstream()
    fast.gate.set()
    waiting = asyncio.create_task(flights.join("slow", slow.call))
    assert await flights.join("fast", fast.call) == 1
    await flights.aclose()
    assert isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], asyncio.CancelledError)
