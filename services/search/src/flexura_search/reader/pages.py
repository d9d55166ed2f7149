"""Pages, read: the address judged, the site asked, the body fetched and parsed, each page kept for a while."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import monotonic

from aiohttp.abc import AbstractResolver
from yarl import URL

from flexura_kit.egress import Egress
from flexura_kit.errors import FlexuraError
from flexura_search.domain.addresses import with_scheme
from flexura_search.domain.pages import Page, Passage
from flexura_search.domain.queries import TextFormat
from flexura_search.flights import Flights
from flexura_search.lately import Lately
from flexura_search.reader.addresses import PORTS
from flexura_search.reader.failures import not_found, refused, timed_out, unreachable
from flexura_search.reader.fetch import CONTACT, OK, Fetched, Fetcher, fetcher
from flexura_search.reader.http_cache import CachedFetcher
from flexura_search.reader.politeness import Politeness
from flexura_search.reader.robots import Robots
from flexura_search.reader.workers import WORKERS, Workers, parsing_workers

PAGES_MAX = 256
CHARACTERS_MAX = 16 << 20
KEPT_S = 300.0
READ_TIMEOUT_S = 25.0
GONE = frozenset({404, 410})
DENIED = {
    401: "the site lets only those read this page who sign in",
    402: "the site lets only those read this page who pay",
    403: "the site does not let us read this page",
    407: "the site lets only those read this page who sign in",
    429: "the site takes no more questions from us for a while",
    451: "the site may not show this page for legal reasons",
}
SERVER_ERRORS = 500

Key = tuple[str, TextFormat]


@dataclass(frozen=True, slots=True)
class _Read:
    """A page with the highlights for one query."""

    page: Page
    query: str
    fresh_s: float


class Pages:
    """Implements PageReader."""

    def __init__(self, fetcher: Fetcher, workers: Workers, clock: Callable[[], float] = monotonic) -> None:
        self._cached = CachedFetcher(fetcher, clock=clock)
        self._robots = Robots(fetcher, clock)
        self._politeness = Politeness(clock)
        self._workers = workers
        self._clock = clock
        self._kept: Lately[Key, tuple[float, Page]] = Lately(PAGES_MAX, CHARACTERS_MAX, KEPT_S, clock)
        self._flights: Flights[Key, _Read] = Flights("page-read")

    async def read(self, url: str, text_format: TextFormat, query: str, timeout_s: float) -> Page:
        key = (with_scheme(url).partition("#")[0], text_format)
        try:
            async with asyncio.timeout(timeout_s):
                read = self._lately(key) or await self._flights.join(key, lambda: self._load(key, query))
                found = await self._highlights(read, query)
        except TimeoutError as error:
            raise timed_out(url, timeout_s) from error
        except FlexuraError as error:
            # Whatever address on the way it was about, the caller knows the one that was asked for.
            raise FlexuraError(error.kind, error.reason, error.message, url=url) from error
        return replace(read.page, url=url, highlights=found)

    async def close(self) -> None:
        """Gives up what is under way."""
        await self._flights.aclose()

    def _lately(self, key: Key) -> _Read | None:
        kept = self._kept.get(key)
        if kept is None or kept[0] <= self._clock():
            return None
        return _Read(kept[1], "", 0.0)

    async def _load(self, key: Key, query: str) -> _Read:
        address, text_format = key
        body = await self._cached.fetch(address, READ_TIMEOUT_S, self._gate)
        fetched = body.fetched
        _check_status(address, fetched)
        page = await self._workers.parse(
            fetched.body, fetched.content_type, fetched.charset, fetched.final_url, text_format, query
        )
        self._keep(key, replace(page, highlights=()), min(KEPT_S, body.fresh_s))
        return _Read(page, query, body.fresh_s)

    @asynccontextmanager
    async def _gate(self, url: URL) -> AsyncIterator[None]:
        rules = await self._robots.rules(url)
        rules.check(str(url))
        async with self._politeness.turn((url.host or "").rstrip("."), rules.delay_s):
            yield

    def _keep(self, key: Key, page: Page, kept_s: float) -> None:
        self._kept.drop(key)
        if kept_s > 0:
            self._kept.put(key, (self._clock() + kept_s, page), len(page.text))

    async def _highlights(self, read: _Read, query: str) -> tuple[Passage, ...]:
        if not query.strip():
            return ()
        if read.query == query:
            return read.page.highlights
        return await self._workers.rank(read.page.url, read.page.text, query)


def _check_status(address: str, fetched: Fetched) -> None:
    status = fetched.status
    if status == OK:
        return
    if status in GONE:
        raise not_found(address)
    if status in DENIED:
        raise refused(address, DENIED[status])
    if status >= SERVER_ERRORS:
        raise unreachable(address, "the site answers with an error of its own")
    raise unreachable(address, "the site does not answer with a page")


@asynccontextmanager
async def pages(
    egress: Egress,
    contact: str = CONTACT,
    *,
    ports: Collection[int] = PORTS,
    workers: int = WORKERS,
    connections_max: int = 64,
    resolver: AbstractResolver | None = None,
) -> AsyncIterator[Pages]:
    """Reads pages with a client and workers of its own."""
    async with (
        parsing_workers(workers) as parsing,
        fetcher(egress, contact, ports, connections_max, resolver) as fetching,
    ):
        reader = Pages(fetching, parsing)
        try:
            yield reader
        finally:
            await reader.close()
