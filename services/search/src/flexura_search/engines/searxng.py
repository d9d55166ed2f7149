"""SearXNG, a metasearch server of one's own: general, news, images, academic, code."""

import re
from typing import Any

from aiohttp import ClientSession

from flexura_kit.clock import Clock, steady
from flexura_search.domain.findings import EngineAnswer, EngineFailedError, EngineStatus, Hit, ImageHit
from flexura_search.domain.queries import Query, Topic
from flexura_search.engines.asking import range_of, with_operators
from flexura_search.engines.dates import read_date
from flexura_search.engines.failures import Failure, Reply
from flexura_search.engines.http import JSONAPI
from flexura_search.engines.reading import hit, hits_in, images_in, number, plain, short, web_url

CATEGORIES = {
    Topic.GENERAL: "general",
    Topic.NEWS: "news",
    Topic.IMAGES: "images",
    Topic.ACADEMIC: "science",
    Topic.CODE: "it",
}
UNRESPONSIVE_CHARACTERS_MAX = 200
RESOLUTION = re.compile(r"\s*(\d{1,6})\s*[x×*]\s*(\d{1,6})", re.ASCII)  # noqa: RUF001 - engines write both.
FORBIDDEN = "it does not answer in JSON: add json to search.formats in its settings.yml"


class SearXNGEngine:
    name = "searxng"
    topics = frozenset(CATEGORIES)

    def __init__(
        self,
        session: ClientSession,
        base_url: str,
        user_agent: str,
        *,
        is_fallback: bool = False,
        clock: Clock = steady.now,
    ) -> None:
        # Its limiter turns away who takes no HTML, or names a library.
        headers = {"Accept": "application/json, text/html", "User-Agent": user_agent}
        self._api = JSONAPI(session, headers, explain=explain, clock=clock)
        self._url = f"{base_url.rstrip('/')}/search"
        self._clock = clock
        self.is_fallback = is_fallback

    async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
        reply = await self._api.get(self._url, self._parameters(query), timeout_s)
        silent = unresponsive(reply.body.get("unresponsive_engines"))
        items = reply.body.get("results")
        if items == [] and silent:
            raise EngineFailedError(EngineStatus.BLOCKED, f"none of its engines answered: {silent}")
        shortfall = f"some of its engines did not answer: {silent}" if silent else ""
        if query.topic is Topic.IMAGES:
            return images_in(items, image_of, query.results_max, shortfall)
        return hits_in(items, hit_of, query.results_max, shortfall)

    def _parameters(self, query: Query) -> dict[str, str]:
        parameters = {"q": with_operators(query), "format": "json", "categories": CATEGORIES[query.topic]}
        time_range = range_of(query, self._clock().date())
        if time_range is not None:
            parameters["time_range"] = time_range
        if query.language:
            region = f"-{query.country.upper()}" if query.country else ""
            parameters["language"] = query.language + region
        return parameters


def explain(reply: Reply) -> Failure | None:
    if reply.status == 403:  # noqa: PLR2004 - a status is its own name.
        return Failure(EngineStatus.REFUSED, FORBIDDEN)
    if reply.status == 302 and reply.headers.get("Location") == "/":  # noqa: PLR2004
        return Failure(EngineStatus.LIMITED, "its limiter turned the request away")
    return None


def unresponsive(pairs: Any) -> str:
    """The engines behind it that did not answer, with their reasons."""
    names = [pair if isinstance(pair, list) else [pair] for pair in pairs] if isinstance(pairs, list) else []
    texts = [[text for part in pair[:2] if (text := plain(part))] for pair in names]
    listed = ", ".join(f"{text[0]} ({text[1]})" if len(text) > 1 else text[0] for text in texts if text)
    return short(listed, UNRESPONSIVE_CHARACTERS_MAX)


def hit_of(item: dict[str, Any]) -> Hit | None:
    authors = item.get("author") or item.get("authors")
    if isinstance(authors, list):
        authors = ", ".join(filter(None, map(plain, authors)))
    return hit(
        item.get("title"),
        item.get("url"),
        item.get("content"),
        read_date(item.get("publishedDate")),
        author=authors,
        image=web_url(item.get("thumbnail")) or item.get("img_src"),
    )


def image_of(item: dict[str, Any]) -> ImageHit | None:
    url, page_url = web_url(item.get("img_src")), web_url(item.get("url"))
    if not url or not page_url:
        return None
    resolution = item.get("resolution")
    size = RESOLUTION.match(resolution) if isinstance(resolution, str) else None
    return ImageHit(
        url=url,
        page_url=page_url,
        title=plain(item.get("title")),
        thumbnail_url=web_url(item.get("thumbnail_src")) or web_url(item.get("thumbnail")),
        width=number(size[1]) if size else 0,
        height=number(size[2]) if size else 0,
    )
