"""Wikipedia: general and academic, without a key."""

from typing import Any
from urllib.parse import quote

from aiohttp import ClientSession

from flexura_search.domain.findings import EngineAnswer, EngineStatus, Hit, QueryTooLongError
from flexura_search.domain.queries import Query, Topic
from flexura_search.engines.failures import Failure, Reply
from flexura_search.engines.http import JSONAPI
from flexura_search.engines.reading import hit, hits_in, part

BASE_URL = "https://{language}.wikipedia.org"
RESULTS_MAX = 500
QUERY_BYTES_MAX = 300  # A longer one is an error there; counted in the stricter way.
LANGUAGE = "en"
OTHER_LANGUAGES = {"nb": "no"}
# With more than a hundred thousand articles; a host for any other two letters may not be there.
LANGUAGE_CODES = (
    "af ar az be bg bn ca cs cy da de el en eo es et eu fa fi fr gl he hi hr hu hy id it ja ka kk ko la lt lv mk ms my "
    "nl nn no pl pt ro ru sh sk sl sr sv ta te tg th tr tt uk ur uz vi zh"
)
LANGUAGES = frozenset(LANGUAGE_CODES.split())
LIMITS = frozenset({"ratelimited", "maxlag"})


class WikipediaEngine:
    name = "wikipedia"
    topics = frozenset({Topic.GENERAL, Topic.ACADEMIC})

    def __init__(
        self, session: ClientSession, user_agent: str, base_url: str = BASE_URL, *, is_fallback: bool = True
    ) -> None:
        # Wikimedia asks for a name with an address to write to, and may turn away others.
        self._api = JSONAPI(session, {"Accept": "application/json", "User-Agent": user_agent}, explain=explain)
        self._base_url = base_url.rstrip("/")
        self.is_fallback = is_fallback

    async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
        base_url = self._base_url.replace("{language}", language_of(query))
        reply = await self._api.get(f"{base_url}/w/api.php", parameters_of(query), timeout_s)
        items = part(reply.body, "query", "search")
        return hits_in(items, lambda item: hit_of(item, base_url), query.results_max)


def parameters_of(query: Query) -> dict[str, str]:
    size = len(query.text.encode())
    if size > QUERY_BYTES_MAX:
        raise QueryTooLongError(f"at most {QUERY_BYTES_MAX} bytes of UTF-8, and this query has {size:,}")
    return {
        "action": "query",
        "list": "search",
        "srsearch": query.text,
        "srlimit": str(min(query.results_max, RESULTS_MAX)),
        # The moment that it offers is of the last edit, and says nothing of publication.
        "srprop": "snippet",
        "format": "json",
        "formatversion": "2",
    }


def language_of(query: Query) -> str:
    """The language as it stands in the host's name, where nothing but letters may."""
    language = OTHER_LANGUAGES.get(query.language, query.language)
    return language if language in LANGUAGES else LANGUAGE


def explain(reply: Reply) -> Failure | None:
    """Errors come with status 200."""
    code = part(reply.body, "error", "code")
    if code is None:
        return None
    if code in LIMITS:
        return Failure(EngineStatus.LIMITED, "it was asked too often, or is behind with its work")
    return Failure(EngineStatus.BROKEN, "it did not accept the request")


def hit_of(item: dict[str, Any], base_url: str) -> Hit | None:
    title = item.get("title")
    if not isinstance(title, str) or not title:
        return None
    path = quote(title.replace(" ", "_"), safe="/:(),", errors="replace")
    return hit(title, f"{base_url}/wiki/{path}", item.get("snippet"))
