"""Pages, read: the address judged, the site asked, the body fetched and parsed, each page kept for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import monotonic

from aiohttp.abc import AbstractResolver
from yarl import URL

from flexura_kit.egress import Egress
from flexura_kit.errors import FlexuraError
from flexura_search.domain.pages import Page, Passage
from flexura_search.domain.queries import TextFormat
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


@dataclass(slots=True)
class _Shared:
    """A read under way, and how many wait for it."""

    task: asyncio.Task[_Read]
    waiting: int = 0


class Pages:
    """Implements PageReader."""

    def __init__(self, fetcher: Fetcher, workers: Workers, clock: Callable[[], float] = monotonic) -> None:
        self._cached = CachedFetcher(fetcher, clock=clock)
        self._robots = Robots(fetcher, clock)
        self._politeness = Politeness(clock)
        self._workers = workers
        self._clock = clock
        self._kept: OrderedDict[Key, tuple[float, Page]] = OrderedDict()
        self._kept_characters = 0
        self._under_way: dict[Key, _Shared] = {}
        self._tasks: set[asyncio.Task[_Read]] = set()

    async def read(self, url: str, text_format: TextFormat, query: str, timeout_s: float) -> Page:
        key = (url.strip().partition("#")[0], text_format)
        try:
            async with asyncio.timeout(timeout_s):
                read = self._lately(key) or await self._shared(key, query)
                found = await self._highlights(read, query)
        except TimeoutError as error:
            raise timed_out(url, timeout_s) from error
        except FlexuraError as error:
            # Whatever address on the way it was about, the caller knows the one that was asked for.
            raise FlexuraError(error.kind, error.reason, error.message, url=url) from error
        return replace(read.page, url=url, highlights=found)

    async def close(self) -> None:
        """Gives up what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _lately(self, key: Key) -> _Read | None:
        kept = self._kept.get(key)
        if kept is None or kept[0] <= self._clock():
            return None
        self._kept.move_to_end(key)
        return _Read(kept[1], "", 0.0)

    async def _shared(self, key: Key, query: str) -> _Read:
        """Joins the read of the same page, or begins one; the last who leaves ends it."""
        shared = self._under_way.get(key)
        if shared is None:
            task = asyncio.create_task(self._load(key, query), name="page-read")
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._forget(key, done))
            shared = self._under_way[key] = _Shared(task)
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.waiting -= 1
            if shared.waiting == 0 and not shared.task.done():
                shared.task.cancel()
                self._forget(key, None)

    def _forget(self, key: Key, task: asyncio.Task[_Read] | None) -> None:
        if task is not None:
            self._tasks.discard(task)
            if not task.cancelled():
                task.exception()  # Whoever waited has it; where nobody did, nobody misses it.
        shared = self._under_way.get(key)
        if shared is not None and task in {None, shared.task}:
            del self._under_way[key]

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
        async with self._politeness.turn(url.host or "", rules.delay_s):
            yield

    def _keep(self, key: Key, page: Page, kept_s: float) -> None:
        self._drop(key)
        if kept_s <= 0:
            return
        self._kept[key] = (self._clock() + kept_s, page)
        self._kept_characters += len(page.text)
        while len(self._kept) > PAGES_MAX or self._kept_characters > CHARACTERS_MAX:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._kept_characters -= len(kept[1].text)

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
