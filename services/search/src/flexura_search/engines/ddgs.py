"""The library ddgs, which reads the result pages of public engines: general, news, images, without a key."""

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any, Protocol

# The class is a stand-in that loads its engines when it is first made, in a thread here.
from ddgs import DDGS
from ddgs.exceptions import DDGSException, RatelimitException, TimeoutException

from flexura_kit.clock import Clock, steady
from flexura_search.domain.findings import (
    EngineAnswer,
    EngineFailedError,
    EngineStatus,
    Hit,
    ImageHit,
    QueryTooLongError,
)
from flexura_search.domain.queries import Query, Topic
from flexura_search.engines.asking import range_of, with_operators
from flexura_search.engines.dates import read_date
from flexura_search.engines.reading import hit, hits_in, images_in, number, plain, short, web_url

RESULTS_MAX = 50
SAID_CHARACTERS_MAX = 200
NOT_REACHED = ("ConnectError", "ConnectTimeout", "DNSError", "ProxyError")  # As the library begins what it says.
TOO_LONG = re.compile(r"\b(?:413|414|431)\b|\b(?:uri|url|query) (?:is )?too (?:long|large)", re.IGNORECASE)
LANGUAGE = "en"
# Where a language is at home, if the country is not named as it is.
HOMES = {
    "cs": "cz",
    "da": "dk",
    "el": "gr",
    "en": "us",
    "he": "il",
    "ja": "jp",
    "ko": "kr",
    "pt": "br",
    "sv": "se",
    "uk": "ua",
    "vi": "vn",
    "zh": "cn",
}
# By name: `auto` asks Wikipedia and another encyclopaedia first, and changes from one version to the next.
BACKENDS = {
    Topic.GENERAL: "duckduckgo,brave,mojeek,startpage,yahoo",
    Topic.NEWS: "duckduckgo,bing,yahoo",
    Topic.IMAGES: "duckduckgo,bing",
}
IMAGES_IN_A_RANGE = "duckduckgo"  # Its bing does not know the letters that the others take.


class Library(Protocol):
    """What is used of `ddgs.DDGS`."""

    def text(self, query: str, **options: Any) -> list[dict[str, Any]]: ...

    def news(self, query: str, **options: Any) -> list[dict[str, Any]]: ...

    def images(self, query: str, **options: Any) -> list[dict[str, Any]]: ...


class DDGSEngine:
    """Asks in threads, and never in more than there are: what takes longer than its time ends by itself."""

    name = "ddgs"
    topics = frozenset(BACKENDS)

    def __init__(
        self,
        executor: ThreadPoolExecutor,
        threads_max: int,
        factory: Callable[..., Library] = DDGS,
        *,
        is_fallback: bool = True,
        clock: Clock = steady.now,
    ) -> None:
        self._executor = executor
        self._free = threading.BoundedSemaphore(threads_max)
        self._factory = factory
        self._clock = clock
        self.is_fallback = is_fallback

    async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
        items = self._start(query, timeout_s)
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(items), timeout_s)
        except TimeoutError:
            raise EngineFailedError(EngineStatus.TIMED_OUT, f"it did not answer within {timeout_s:.3g} s") from None
        if query.topic is Topic.IMAGES:
            return images_in(found, image_of, query.results_max)
        now = self._clock()
        return hits_in(found, lambda item: hit_of(item, now), query.results_max)

    def _start(self, query: Query, timeout_s: float) -> Future[list[dict[str, Any]]]:
        if not self._free.acquire(blocking=False):
            raise EngineFailedError(
                EngineStatus.LIMITED, "as many searches as it may do at once are under way", is_engines=False
            )
        try:
            running = self._executor.submit(self._ask, query, timeout_s)
        except RuntimeError:
            self._free.release()
            raise EngineFailedError(EngineStatus.UNREACHABLE, "the service is shutting down") from None
        # In the thread, when it ends: until then its place is taken, whoever still waits.
        running.add_done_callback(lambda _: self._free.release())
        return running

    def _ask(self, query: Query, timeout_s: float) -> list[dict[str, Any]]:
        try:
            library = self._factory(timeout=max(1, round(timeout_s)))
            methods = {Topic.GENERAL: library.text, Topic.NEWS: library.news, Topic.IMAGES: library.images}
            return methods[query.topic](with_operators(query), **self._options(query))
        except TimeoutException:
            raise EngineFailedError(EngineStatus.TIMED_OUT, "the engines behind it did not answer in time") from None
        except RatelimitException:
            raise EngineFailedError(EngineStatus.LIMITED, "the engines behind it were asked too often") from None
        except BaseException as error:
            # Of any kind: it reads pages that change, and its parts in Rust panic past Exception.
            if isinstance(error, DDGSException) and str(error).startswith("No results found"):
                return []
            if str(error).startswith(NOT_REACHED):
                # Its words name an address with a session of a public engine in it.
                raise EngineFailedError(
                    EngineStatus.UNREACHABLE, "the engines behind it could not be reached"
                ) from error
            if TOO_LONG.search(str(error)):
                raise QueryTooLongError("no query as long as this one") from error
            words = short(plain(str(error)), SAID_CHARACTERS_MAX)
            raise EngineFailedError(EngineStatus.BROKEN, f"it failed: {words or type(error).__name__}") from error

    def _options(self, query: Query) -> dict[str, Any]:
        time_range = range_of(query, self._clock().date())
        is_ranged_image = query.topic is Topic.IMAGES and time_range is not None
        return {
            "region": region_of(query),
            "timelimit": time_range[0] if time_range else None,
            "max_results": min(query.results_max, RESULTS_MAX),
            "backend": IMAGES_IN_A_RANGE if is_ranged_image else BACKENDS[query.topic],
        }


def region_of(query: Query) -> str:
    """Country and language: its engines split it in two, and say uk where ISO 3166 says gb."""
    language = query.language or LANGUAGE
    country = query.country or HOMES.get(language, language)
    return f"{'uk' if country == 'gb' else country}-{language}"


def hit_of(item: dict[str, Any], now: datetime) -> Hit | None:
    return hit(
        item.get("title"),
        item.get("href") or item.get("url"),
        item.get("body"),
        read_date(item.get("date"), now),
        image=item.get("image"),
    )


def image_of(item: dict[str, Any]) -> ImageHit | None:
    url, page_url = web_url(item.get("image")), web_url(item.get("url"))
    if not url or not page_url:
        return None
    return ImageHit(
        url=url,
        page_url=page_url,
        title=plain(item.get("title")),
        thumbnail_url=web_url(item.get("thumbnail")),
        width=number(item.get("width")),
        height=number(item.get("height")),
    )
