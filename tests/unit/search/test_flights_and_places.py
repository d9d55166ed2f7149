"""One call for all who ask the same at once, and so many at once."""

import asyncio

import pytest

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.service.flights import Flights
from flexura_search.service.places import Places

SECONDS = 5.0


class Upstream:
    def __init__(self, failure: Exception | None = None) -> None:
        self.calls = 0
        self.failure = failure
        self.gate = asyncio.Event()

    async def call(self) -> int:
        self.calls += 1
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return self.calls


async def test_those_who_ask_the_same_share_a_call_and_whoever_comes_later_does_not() -> None:
    flights: Flights[int] = Flights()
    upstream = Upstream()
    asking = [asyncio.create_task(flights.join("key", upstream.call, SECONDS)) for _ in range(5)]
    await asyncio.sleep(0)
    upstream.gate.set()
    assert await asyncio.gather(*asking) == [1] * 5
    assert await flights.join("key", upstream.call, SECONDS) == 2


async def test_who_leaves_first_takes_nobody_along() -> None:
    flights: Flights[int] = Flights()
    upstream = Upstream()
    first, second = (asyncio.create_task(flights.join("key", upstream.call, SECONDS)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    upstream.gate.set()
    assert await second == 1


async def test_who_leaves_last_ends_it_and_the_next_one_begins_anew() -> None:
    flights: Flights[int] = Flights()
    upstream = Upstream()
    asking = [asyncio.create_task(flights.join("key", upstream.call, SECONDS)) for _ in range(2)]
    await asyncio.sleep(0.01)
    for one in asking:
        one.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    upstream.gate.set()
    assert await flights.join("key", upstream.call, SECONDS) == 2


async def test_an_error_is_shared_as_one_of_ones_own() -> None:
    flights: Flights[int] = Flights()
    upstream = Upstream(FlexuraError(Kind.BUSY, Reason.SEARCH_UNAVAILABLE, "nobody answered", engines="a"))
    upstream.gate.set()
    failures = await asyncio.gather(
        *(flights.join("key", upstream.call, SECONDS) for _ in range(3)), return_exceptions=True
    )
    assert [str(failure) for failure in failures] == ["nobody answered"] * 3
    assert len(set(map(id, failures))) == 3
    assert all(isinstance(failure, FlexuraError) and failure.metadata == {"engines": "a"} for failure in failures)


async def test_who_has_no_more_time_is_told_so() -> None:
    flights: Flights[int] = Flights()
    with pytest.raises(FlexuraError) as failed:
        await flights.join("key", Upstream().call, 0.05)
    assert failed.value.reason is Reason.DEADLINE_EXCEEDED
    await flights.aclose()


def test_an_account_has_its_places_and_all_together_have_theirs() -> None:
    places = Places(of_account_max=2, of_all_max=3)
    with places.one("a"), places.one("a"):
        with pytest.raises(FlexuraError) as of_account, places.one("a"):
            pass
        with places.one("b"), pytest.raises(FlexuraError) as of_all, places.one("c"):
            pass
    assert (of_account.value.kind, of_account.value.reason) == (Kind.LIMITED, Reason.SEARCH_LIMIT)
    assert (of_all.value.kind, of_all.value.reason) == (Kind.BUSY, Reason.OVERLOADED)
    assert all(int(failed.value.metadata["retry_after_ms"]) > 0 for failed in (of_account, of_all))
    with places.one("a"), places.one("a"), places.one("b"):
        pass


def test_a_place_is_given_back_whatever_happens() -> None:
    places = Places(1, 1)
    for _ in range(3):
        with pytest.raises(ValueError, match="odd"), places.one("a"):
            raise ValueError("odd")
