"""A search from the question to the answer."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from flexura_kit.clock import steady
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.domain.filters import is_in_days, is_wanted
from flexura_search.domain.fusion import Found, FoundImage, fuse, fuse_images
from flexura_search.domain.materials import Reading, Result, SearchMaterial
from flexura_search.domain.packing import Place
from flexura_search.domain.queries import Asked, Content, SearchOrder, Topic
from flexura_search.domain.urls import URL_CHARACTERS_MAX
from flexura_search.flights import Flights
from flexura_search.ports import PageReader, Shelf
from flexura_search.service.continuations import Continuations, expired
from flexura_search.service.cutting import Answer, Cutter
from flexura_search.service.federation import Federation, Health, Outcome
from flexura_search.service.orders import SEARCH_TIMEOUT_MS, check_continuation, order_of
from flexura_search.service.places import Places
from flexura_search.service.reading import read_all

READ_MAX = 20  # Pages that one search reads; what is found beyond has what the engines say.
ENGINES_SHARE = 0.5  # Of the time, where pages are to be read too.
CUTTING_S = 0.15  # Is left for the answer itself.
KEPT_S = 7200.0  # For continuations; the same search finds it for a shorter time.
FOUND_S = {
    Topic.GENERAL: 600.0,
    Topic.NEWS: 60.0,
    Topic.IMAGES: 3600.0,
    Topic.ACADEMIC: 3600.0,
    Topic.CODE: 1800.0,
}
DEGRADED_FOUND_S = 15.0  # Better answers are a moment away.
PASSING = frozenset({Reason.DEADLINE_EXCEEDED, Reason.OVERLOADED})  # Of a page that may be read in a moment.
TEXT_MAX = 500  # Characters of a title or snippet.

ORDERS = TypeAdapter(SearchOrder)


class Searches:
    def __init__(
        self,
        federation: Federation,
        reader: PageReader,
        shelf: Shelf,
        continuations: Continuations,
        places: Places,
        now: Callable[[], datetime] = steady.now,
    ) -> None:
        self._federation = federation
        self._reader = reader
        self._shelf = shelf
        self._continuations = continuations
        self._cutter = Cutter(continuations)
        self._places = places
        self._now = now
        self._flights: Flights[str, tuple[str, SearchMaterial]] = Flights("search-flight")

    def health(self) -> list[Health]:
        return self._federation.health()

    async def search(self, asked: Asked) -> Answer[SearchMaterial]:
        if asked.continuation:
            return await self._go_on(asked)
        order = order_of(asked, self._federation.topics)
        timeout_s = (asked.timeout_ms or SEARCH_TIMEOUT_MS) / 1000
        key = order_key(order)
        kept = None if asked.is_fresh else await self._shelf.find(key)
        if kept is not None:
            answer = await self._cutter.cut(asked.account_id, *kept, Place(), asked.tokens_max)
            return replace(answer, is_kept=True)
        with self._places.one(asked.account_id):
            # Whoever asks the same meanwhile is answered with the same; a fresh answer is not shared with older ones.
            # Nor is one that was made in a hurry shared with those who have time.
            flight = f"{key} {asked.is_fresh} {timeout_s}"
            try:
                async with asyncio.timeout(timeout_s):
                    name, material = await self._flights.join(flight, lambda: self._find(order, key, timeout_s))
            except TimeoutError as error:
                raise out_of_time() from error
        return await self._cutter.cut(asked.account_id, name, material, Place(), asked.tokens_max)

    async def aclose(self) -> None:
        await self._flights.aclose()

    async def _go_on(self, asked: Asked) -> Answer[SearchMaterial]:
        check_continuation(asked.account_id, asked.tokens_max, asked.timeout_ms)
        continuation = self._continuations.read(asked.account_id, asked.continuation)
        with self._places.one(asked.account_id):
            material = await self._shelf.fetch(continuation.material)
            if not isinstance(material, SearchMaterial):
                raise expired()
            return await self._cutter.cut(
                asked.account_id, continuation.material, material, continuation.place, asked.tokens_max
            )

    async def _find(self, order: SearchOrder, key: str, timeout_s: float) -> tuple[str, SearchMaterial]:
        until = time.monotonic() + timeout_s
        reads = order.content is not Content.NONE and order.topic is not Topic.IMAGES
        outcome = await self._federation.ask(order, timeout_s * ENGINES_SHARE if reads else timeout_s - CUTTING_S)
        found = self._selected(order, outcome)
        readings: list[Reading] = []
        if reads:
            urls = [page.url for page in found[:READ_MAX]]
            left_s = until - time.monotonic() - CUTTING_S
            readings = await read_all(self._reader, urls, order.format, order.queries[0].text, left_s)
        material = SearchMaterial(
            queries=tuple(query.text for query in order.queries),
            results=tuple(self._results(order, found, readings)),
            images=tuple(images_of(order, outcome)),
            traces=tuple(sorted(outcome.traces, key=lambda trace: trace.engine)),
            is_degraded=outcome.is_degraded,
        )
        found_s = FOUND_S[order.topic]
        if material.is_degraded or any(is_late(reading) for reading in readings):
            found_s = DEGRADED_FOUND_S if timeout_s * 1000 >= SEARCH_TIMEOUT_MS else 0.0
        # What nobody is to find leaves in place what others find.
        name = await self._shelf.keep(material, KEPT_S, key if found_s else "", found_s)
        return name, material

    def _selected(self, order: SearchOrder, outcome: Outcome) -> list[Found]:
        query = order.queries[0]
        days = query.days_on(self._now().date())
        found = [
            shortened(page)
            for page in fuse(outcome.rankings)
            if page.url and len(page.url) <= URL_CHARACTERS_MAX
            if is_wanted(page.url, query) and is_in_days(page.published_at, days)
        ]
        return found[: order.results_max]

    def _results(self, order: SearchOrder, found: list[Found], readings: list[Reading]) -> list[Result]:
        """What pages say completes what engines say; a page that gives itself another day than was asked for goes."""
        days = order.queries[0].days_on(self._now().date())
        results = []
        for place, page in enumerate(found):
            result = result_of(order, page, readings[place] if place < len(readings) else None)
            is_elsewhere = result.page is not None and not is_wanted(result.page.final_url, order.queries[0])
            if is_in_days(result.found.published_at, days) and not is_elsewhere:
                results.append(result)
        return results


def is_late(reading: Reading) -> bool:
    return reading.unread is not None and reading.unread.reason in PASSING


def out_of_time() -> FlexuraError:
    message = "the search did not end in its time; allow more with `timeout_ms`, or ask for less"
    return FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, message)


def order_key(order: SearchOrder) -> str:
    """The same for the same order; nothing of the caller is in it."""
    return hashlib.blake2b(ORDERS.dump_json(order), digest_size=20).hexdigest()


def result_of(order: SearchOrder, found: Found, reading: Reading | None) -> Result:
    if reading is None or reading.page is None:
        return Result(found, unread=reading.unread if reading else None)
    page = reading.page
    completed = replace(
        found,
        title=found.title or page.title[:TEXT_MAX],
        published_at=found.published_at or page.published_at,
        author=found.author or page.author[:TEXT_MAX],
        favicon=found.favicon or page.favicon,
        image=found.image or page.image,
    )
    if order.content is not Content.FULL:
        page = replace(page, text="")
    return Result(completed, page)


def images_of(order: SearchOrder, outcome: Outcome) -> list[FoundImage]:
    query = order.queries[0]
    images = [
        found
        for found in fuse_images(outcome.rankings)
        if len(found.image.url) <= URL_CHARACTERS_MAX and is_wanted(found.image.page_url or found.image.url, query)
    ]
    return images[: order.results_max]


def shortened(found: Found) -> Found:
    if len(found.title) <= TEXT_MAX and len(found.snippet) <= TEXT_MAX:
        return found
    return replace(found, title=found.title[:TEXT_MAX], snippet=found.snippet[:TEXT_MAX])
