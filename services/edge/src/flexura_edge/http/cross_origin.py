"""Which answers a browser lets the pages of other origins read, as the Fetch standard has it (CORS)."""

import re
from collections.abc import Iterable

from aiohttp import web

Headers = tuple[tuple[str, str], ...]

ANY = "*"
PREFLIGHT_KEPT_S = 600
# What clients of this API send. Further ones that a client's library adds are taken as well, and ignored.
SENT = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Last-Event-ID",
    "Range",
    "X-Request-Id",
    "traceparent",
)
FURTHER_MAX = 50
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
READABLE = (
    "Accept-Ranges",
    "Allow",
    "Content-Disposition",
    "Content-Length",
    "Content-Range",
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "Retry-After",
    "X-Request-Id",
)
EXPOSED = ("Access-Control-Expose-Headers", ", ".join(READABLE))
VARY_BY_ORIGIN = ("Vary", "Origin")
VARY_OF_PREFLIGHT = ("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")

OPEN_TO_ALL: Headers = (("Access-Control-Allow-Origin", ANY), EXPOSED)
"""For answers that anyone may fetch without a key. Nothing is ever allowed with cookies."""


class CrossOrigin:
    """Knows the origins whose pages may use routes that need a key."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._named = frozenset(origins) - {ANY}
        self._any = ANY in set(origins)
        self._others: Headers = (VARY_BY_ORIGIN,) if self._named else ()

    def headers(self, request: web.BaseRequest) -> Headers:
        """What an answer of a route that needs a key says of its caller's origin."""
        if self._any:
            return OPEN_TO_ALL
        if not self._named:
            return ()
        origin = request.headers.get("Origin")
        if origin not in self._named:
            return self._others
        return (("Access-Control-Allow-Origin", origin), EXPOSED, VARY_BY_ORIGIN)

    def preflight(self, request: web.BaseRequest, methods: Iterable[str], *, needs_key: bool) -> Headers:
        """What a browser is told that asks before it sends; nothing where it is not to send."""
        origin = request.headers.get("Origin", "")
        allowed = ANY if self._any or not needs_key else origin
        if allowed != ANY and origin not in self._named:
            return (VARY_OF_PREFLIGHT,)
        headers: Headers = (
            ("Access-Control-Allow-Origin", allowed),
            ("Access-Control-Allow-Methods", ", ".join(methods)),
            ("Access-Control-Allow-Headers", ", ".join((*SENT, *further_headers(request)))),
            ("Access-Control-Max-Age", str(PREFLIGHT_KEPT_S)),
            VARY_OF_PREFLIGHT,
        )
        # A page of the internet reaches a server in a private network only where its operator named that page.
        if origin in self._named and request.headers.get("Access-Control-Request-Private-Network") == "true":
            headers += (("Access-Control-Allow-Private-Network", "true"),)
        return headers


def is_preflight(request: web.BaseRequest) -> bool:
    return "Origin" in request.headers and "Access-Control-Request-Method" in request.headers


def further_headers(request: web.BaseRequest) -> list[str]:
    known = {name.lower() for name in SENT}
    given = [name.strip() for name in request.headers.get("Access-Control-Request-Headers", "").split(",", FURTHER_MAX)]
    names = dict.fromkeys(name.lower() for name in given if TOKEN.fullmatch(name))
    return [name for name in names if name not in known]
