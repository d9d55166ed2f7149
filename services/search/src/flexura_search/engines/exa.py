"""Exa: general, news, academic, code."""

from typing import Any

from aiohttp import ClientSession

from flexura_kit.clock import Clock, steady
from flexura_search.domain.findings import EngineAnswer, Hit
from flexura_search.domain.queries import Query, Topic
from flexura_search.engines.asking import sites_of
from flexura_search.engines.dates import read_date
from flexura_search.engines.http import JSONAPI
from flexura_search.engines.reading import hit, hits_in

BASE_URL = "https://api.exa.ai"
RESULTS_MAX = 100
# Its client of version 2.28 names these two; "research paper" and "github" of earlier ones are gone.
CATEGORIES = {Topic.NEWS: "news", Topic.ACADEMIC: "publication"}


class ExaEngine:
    name = "exa"
    topics = frozenset({Topic.GENERAL, Topic.NEWS, Topic.ACADEMIC, Topic.CODE})

    def __init__(
        self,
        session: ClientSession,
        key: str,
        base_url: str = BASE_URL,
        *,
        is_fallback: bool = False,
        clock: Clock = steady.now,
    ) -> None:
        self._api = JSONAPI(session, {"x-api-key": key}, key, clock=clock)
        self._url = f"{base_url.rstrip('/')}/search"
        self._clock = clock
        self.is_fallback = is_fallback

    async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
        reply = await self._api.post(self._url, self._body(query), timeout_s)
        return hits_in(reply.body.get("results"), hit_of, query.results_max)

    def _body(self, query: Query) -> dict[str, Any]:
        days = query.days_on(self._clock().date())
        body = {
            "query": query.text,
            "type": "auto",
            "numResults": min(query.results_max, RESULTS_MAX),
            "category": CATEGORIES.get(query.topic),
            "userLocation": query.country.upper(),
            "includeDomains": sites_of(query),
            "excludeDomains": list(query.exclude_domains),
            "startPublishedDate": f"{days.first}T00:00:00.000Z" if days.first else None,
            "endPublishedDate": f"{days.last}T23:59:59.999Z" if days.last else None,
            # Without it there would be addresses and titles only.
            "contents": {"highlights": True},
        }
        return {name: value for name, value in body.items() if value}


def hit_of(item: dict[str, Any]) -> Hit | None:
    highlights = item.get("highlights")
    parts = highlights if isinstance(highlights, list) else [item.get("summary"), item.get("text")]
    texts = [text for text in parts if isinstance(text, str) and text]
    return hit(
        item.get("title"),
        item.get("url"),
        " … ".join(texts),
        read_date(item.get("publishedDate")),
        author=item.get("author"),
        favicon=item.get("favicon"),
        image=item.get("image"),
    )
