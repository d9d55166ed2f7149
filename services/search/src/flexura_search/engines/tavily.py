"""Tavily: general and news."""

from datetime import date, timedelta
from typing import Any

from aiohttp import ClientSession

from flexura_search.domain.findings import EngineAnswer, Hit
from flexura_search.domain.queries import Query, Topic
from flexura_search.engines.asking import refuse_long, sites_of
from flexura_search.engines.dates import read_date
from flexura_search.engines.http import JSONAPI
from flexura_search.engines.reading import hit, hits_in

BASE_URL = "https://api.tavily.com"
QUERY_CHARACTERS_MAX = 400
RESULTS_MAX = 20
LAST_DAY = date(2999, 12, 30)
INCLUDE_DOMAINS_MAX = 300
EXCLUDE_DOMAINS_MAX = 150
# It takes countries by name, for the topic general only. Those that most searches come from.
COUNTRIES = {
    "ar": "argentina",
    "at": "austria",
    "au": "australia",
    "be": "belgium",
    "br": "brazil",
    "ca": "canada",
    "ch": "switzerland",
    "cl": "chile",
    "cn": "china",
    "co": "colombia",
    "de": "germany",
    "dk": "denmark",
    "eg": "egypt",
    "es": "spain",
    "fi": "finland",
    "fr": "france",
    "gb": "united kingdom",
    "gr": "greece",
    "hu": "hungary",
    "id": "indonesia",
    "ie": "ireland",
    "il": "israel",
    "in": "india",
    "it": "italy",
    "jp": "japan",
    "ke": "kenya",
    "kr": "south korea",
    "mx": "mexico",
    "my": "malaysia",
    "ng": "nigeria",
    "nl": "netherlands",
    "no": "norway",
    "nz": "new zealand",
    "pe": "peru",
    "ph": "philippines",
    "pk": "pakistan",
    "pl": "poland",
    "pt": "portugal",
    "ro": "romania",
    "ru": "russia",
    "sa": "saudi arabia",
    "se": "sweden",
    "sg": "singapore",
    "th": "thailand",
    "tr": "turkey",
    "tw": "taiwan",
    "ua": "ukraine",
    "us": "united states",
    "vn": "vietnam",
    "za": "south africa",
}


class TavilyEngine:
    name = "tavily"
    topics = frozenset({Topic.GENERAL, Topic.NEWS})

    def __init__(
        self, session: ClientSession, key: str, base_url: str = BASE_URL, *, is_fallback: bool = False
    ) -> None:
        self._api = JSONAPI(session, {"Authorization": f"Bearer {key}"}, key)
        self._url = f"{base_url.rstrip('/')}/search"
        self.is_fallback = is_fallback

    async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
        reply = await self._api.post(self._url, body_of(query), timeout_s)
        return hits_in(reply.body.get("results"), hit_of, query.results_max)


def body_of(query: Query) -> dict[str, Any]:
    refuse_long(query.text, QUERY_CHARACTERS_MAX)
    body: dict[str, Any] = {
        "query": query.text,
        "topic": str(query.topic),
        "search_depth": "basic",
        "max_results": min(query.results_max, RESULTS_MAX),
        "include_favicon": True,
    }
    if query.time_range is not None:
        body["time_range"] = str(query.time_range)
    if query.topic is Topic.GENERAL and query.country in COUNTRIES:
        body["country"] = COUNTRIES[query.country]
    if query.include_domains:
        body["include_domains"] = sites_of(query)[:INCLUDE_DOMAINS_MAX]
    if query.exclude_domains:
        body["exclude_domains"] = list(query.exclude_domains[:EXCLUDE_DOMAINS_MAX])
    return body | days_of(query)


def days_of(query: Query) -> dict[str, str]:
    if query.time_range is not None:
        return {}
    days = {"start_date": query.days.first.isoformat()} if query.days.first else {}
    if query.days.last:
        # The day after: whether the end is included is not said, and what is too much is filtered out again.
        days["end_date"] = (min(query.days.last, LAST_DAY) + timedelta(days=1)).isoformat()
    return days


def hit_of(item: dict[str, Any]) -> Hit | None:
    return hit(
        item.get("title"),
        item.get("url"),
        item.get("content"),
        read_date(item.get("published_date")),
        favicon=item.get("favicon"),
    )
