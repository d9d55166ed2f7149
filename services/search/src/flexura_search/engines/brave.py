"""Brave Search: general, news, images, code."""

from datetime import datetime
from typing import Any

from aiohttp import ClientSession

from flexura_kit.clock import Clock, steady
from flexura_search.domain.findings import EngineAnswer, EngineStatus, Hit, ImageHit
from flexura_search.domain.queries import Query, TimeRange, Topic
from flexura_search.engines.asking import with_operators
from flexura_search.engines.dates import read_date, seconds_until
from flexura_search.engines.failures import Failure, Reply
from flexura_search.engines.http import JSONAPI
from flexura_search.engines.reading import hit, hits_in, images_in, number, part, plain, web_url

BASE_URL = "https://api.search.brave.com"
QUERY_CHARACTERS_MAX = 400
QUERY_WORDS_MAX = 50
PATHS = {Topic.GENERAL: "web", Topic.CODE: "web", Topic.NEWS: "news", Topic.IMAGES: "images"}
COUNTS_MAX = {"web": 20, "news": 50, "images": 200}
FRESHNESS = {TimeRange.DAY: "pd", TimeRange.WEEK: "pw", TimeRange.MONTH: "pm", TimeRange.YEAR: "py"}
LONG_AGO = "1970-01-01"
# Others are refused with 422.
COUNTRY_CODES = (
    "ar at au be br ca ch cl cn de dk es fi fr gb gr hk id in it jp kr mx my nl no nz ph pl pt ru sa se tr tw us za"
)
COUNTRIES = frozenset(COUNTRY_CODES.split())
LANGUAGE_CODES = (
    "ar bg bn ca cs da de el en es et eu fi fr gl gu he hi hr hu is it kn ko lt lv ml mr ms nl pa pl ro ru sk sl sr sv "
    "ta te th tr uk vi"
)
LANGUAGES = frozenset(LANGUAGE_CODES.split())
OTHER_LANGUAGES = {"ja": "jp", "zh": "zh-hans", "pt": "pt-br", "no": "nb", "nb": "nb", "nn": "nb"}
CODES = {
    "SUBSCRIPTION_TOKEN_INVALID": (EngineStatus.REFUSED, "it refused the key"),
    "SUBSCRIPTION_NOT_FOUND": (EngineStatus.REFUSED, "it knows no subscription for the key"),
    "QUOTA_LIMITED": (EngineStatus.QUOTA_USED, "the quota of the month is used up"),
}


class BraveEngine:
    name = "brave"
    topics = frozenset(PATHS)

    def __init__(
        self,
        session: ClientSession,
        key: str,
        base_url: str = BASE_URL,
        *,
        is_fallback: bool = False,
        clock: Clock = steady.now,
    ) -> None:
        headers = {"Accept": "application/json", "X-Subscription-Token": key}
        self._api = JSONAPI(session, headers, key, lambda reply: explain(reply, clock()), clock)
        self._url = f"{base_url.rstrip('/')}/res/v1"
        self._clock = clock
        self.is_fallback = is_fallback

    async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
        path = PATHS[query.topic]
        reply = await self._api.get(f"{self._url}/{path}/search", self._parameters(query, path), timeout_s)
        if path == "images":
            return images_in(reply.body.get("results"), image_of, query.results_max)
        now = self._clock()
        items = results_of(reply.body) if path == "web" else reply.body.get("results")
        return hits_in(items, lambda item: hit_of(item, now), query.results_max)

    def _parameters(self, query: Query, path: str) -> dict[str, str]:
        parameters = {
            "q": with_operators(query, QUERY_CHARACTERS_MAX, QUERY_WORDS_MAX),
            "count": str(min(query.results_max, COUNTS_MAX[path])),
        }
        if query.country in COUNTRIES:
            parameters["country"] = query.country.upper()
        language = search_language(query)
        if language:
            parameters["search_lang"] = language
        if path == "images":
            return parameters
        if path == "web":
            # Marks in the text would have to be taken out again; other kinds of results are not read.
            parameters |= {"text_decorations": "false", "result_filter": "web"}
        freshness = self._freshness(query)
        return parameters | ({"freshness": freshness} if freshness else {})

    def _freshness(self, query: Query) -> str:
        if query.time_range is not None:
            return FRESHNESS[query.time_range]
        if not query.days:
            return ""
        first = query.days.first.isoformat() if query.days.first else LONG_AGO
        return f"{first}to{query.days.last or self._clock().date()}"


def search_language(query: Query) -> str:
    if query.language == "pt" and query.country == "pt":
        return "pt-pt"
    if query.language == "zh" and query.country in {"tw", "hk"}:
        return "zh-hant"
    return query.language if query.language in LANGUAGES else OTHER_LANGUAGES.get(query.language, "")


def explain(reply: Reply, now: datetime) -> Failure | None:
    """A bad key is a 422 there, and both limits are a 429."""
    code = part(reply.body, "error", "code")
    if isinstance(code, str) and code in CODES:
        return Failure(*CODES[code])
    if reply.status == 429 and "Retry-After" not in reply.headers:  # noqa: PLR2004 - a status is its own name.
        # The window of a second stands first, and that of the month behind it.
        reset = reply.headers.get("X-RateLimit-Reset", "").split(",")[0]
        return Failure(EngineStatus.LIMITED, "it was asked too often", seconds_until(reset, now))
    return None


def results_of(body: dict[str, Any]) -> Any:
    # Where nothing is found, the part is left out.
    if body.get("type") == "search" and "web" not in body:
        return []
    return part(body, "web", "results")


def hit_of(item: dict[str, Any], now: datetime) -> Hit | None:
    return hit(
        item.get("title"),
        item.get("url"),
        item.get("description"),
        read_date(item.get("page_age")) or read_date(item.get("age"), now),
        favicon=part(item, "meta_url", "favicon"),
        image=part(item, "thumbnail", "original") or part(item, "thumbnail", "src"),
    )


def image_of(item: dict[str, Any]) -> ImageHit | None:
    url, page_url = web_url(part(item, "properties", "url")), web_url(item.get("url"))
    if not url or not page_url:
        return None
    return ImageHit(
        url=url,
        page_url=page_url,
        title=plain(item.get("title")),
        thumbnail_url=web_url(part(item, "thumbnail", "src")),
        width=number(part(item, "properties", "width")),
        height=number(part(item, "properties", "height")),
    )
