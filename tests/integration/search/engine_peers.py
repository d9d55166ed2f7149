"""Engines on this machine that speak the documented formats, check what they are asked, and fail as they are told."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from aiohttp import web

KEY = "key-0123456789abcdef"
AGENT = "Flexura/1 (https://f.example; admin@f.example)"
LIBRARIES = ("python-requests", "python-urllib", "aiohttp", "httpx", "curl", "python/")
RANGES = {"day", "week", "month", "year"}
CAPTCHA = "<!DOCTYPE html><html><head><title>Are you a robot?</title></head><body>captcha</body></html>"


class Mode(StrEnum):
    FINE = "fine"
    EMPTY = "empty"
    ODD = "odd"  # Good results between broken ones.
    NO_LIST = "no_list"
    CHANGED = "changed"  # A list, and nothing in it that can be read.
    LIMITED = "limited"
    QUOTA = "quota"
    SPENT = "spent"
    REFUSED = "refused"  # Names the key, as some do.
    FORBIDDEN = "forbidden"
    CAPTCHA = "captcha"
    UNRESPONSIVE = "unresponsive"
    PARTLY = "partly"
    REDIRECT = "redirect"
    OUT_OF_SERVICE = "out_of_service"
    SLOW = "slow"
    SLOW_BODY = "slow_body"
    BROKEN_JSON = "broken_json"
    HUGE = "huge"
    CUT_OFF = "cut_off"


@dataclass(frozen=True)
class Asked:
    """One question as it came: parameters of the address, or the fields of the body."""

    path: str
    headers: Mapping[str, str]
    fields: Mapping[str, Any]


class WrongError(Exception):
    """What the real one would answer to a question that is wrong."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass
class Peer:
    """One engine; `engine` answers what is its own, and the rest is the same for all."""

    engine: Callable[[Asked, Mode], web.Response]
    mode: Mode = Mode.FINE
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.asked[-1].fields

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            fields = await request.json()
        else:
            fields = dict(request.query)
        asked = Asked(request.path, request.headers.copy(), fields)
        self.asked.append(asked)
        if self.mode in TROUBLES:
            return await TROUBLES[self.mode](request)
        try:
            return self.engine(asked, self.mode)
        except WrongError as error:
            return error.answer


@asynccontextmanager
async def peer(engine: Callable[[Asked, Mode], web.Response], method: str, path: str) -> AsyncIterator[Peer]:
    listening = Peer(engine)
    application = web.Application()
    application.router.add_route(method, path, listening.answer)
    # Short: a test of slow answers leaves handlers that would wait on.
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listening.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield listening
    finally:
        await runner.cleanup()


async def slow(_: web.Request) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


async def slow_body(request: web.Request) -> web.StreamResponse:
    answer = await started(request)
    await asyncio.sleep(60)
    return answer


async def cut_off(request: web.Request) -> web.StreamResponse:
    answer = await started(request)
    assert request.transport is not None
    request.transport.close()
    return answer


async def started(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b'{"results": [')
    return answer


async def captcha(_: web.Request) -> web.Response:
    return web.Response(text=CAPTCHA, content_type="text/html")


async def broken_json(_: web.Request) -> web.Response:
    return web.Response(text='{"results": [{"title": "Ot', content_type="application/json")


async def huge(_: web.Request) -> web.Response:
    return json_of({"results": ["x" * 5 * 1024 * 1024]})


async def redirect(_: web.Request) -> web.Response:
    return web.Response(status=301, headers={"Location": "http://elsewhere.example/search"})


async def out_of_service(_: web.Request) -> web.Response:
    return web.Response(status=503, text="Try again later", headers={"Retry-After": "30"})


TROUBLES: dict[Mode, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    Mode.SLOW: slow,
    Mode.SLOW_BODY: slow_body,
    Mode.CUT_OFF: cut_off,
    Mode.CAPTCHA: captcha,
    Mode.BROKEN_JSON: broken_json,
    Mode.HUGE: huge,
    Mode.REDIRECT: redirect,
    Mode.OUT_OF_SERVICE: out_of_service,
}


def json_of(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(text=json.dumps(body), status=status, content_type="application/json", headers=headers)


def listed(good: list[Any], mode: Mode, address: str = "url") -> Any:
    """The results of an answer: as they are, none, between broken ones, in no list, or in names nobody knows."""
    odd = [None, "text", 7, {}, {"title": "No address"}, {"title": "A file", address: "file:///etc/passwd"}]
    odd += [{"title": "A script", address: "javascript:alert(1)"}, {"title": "A number", address: 17}]
    lists: dict[Mode, Any] = {
        Mode.EMPTY: [],
        Mode.ODD: [*odd, *good, *odd],
        Mode.NO_LIST: {"0": good},
        Mode.CHANGED: [{"headline": "Otters", "href_v2": "https://otters.example/"}],
    }
    return lists.get(mode, good)


def searxng(asked: Asked, mode: Mode) -> web.Response:  # noqa: PLR0911 - one for each of its answers.
    agent = asked.headers.get("User-Agent", "").lower()
    if "text/html" not in asked.headers.get("Accept", "") or agent.startswith(LIBRARIES):
        return web.Response(status=429, text="Too Many Requests")
    if mode is Mode.LIMITED:
        return web.Response(status=429, text="Too Many Requests", headers={"Retry-After": "17"})
    if mode is Mode.REFUSED:
        return web.Response(status=302, headers={"Location": "/"})
    if mode is Mode.FORBIDDEN or asked.fields.get("format") != "json":
        return web.Response(status=403, text="<!doctype html><title>403 Forbidden</title>", content_type="text/html")
    if not asked.fields.get("q"):
        return json_of({"error": "No query"}, 400)
    if asked.fields.get("time_range", "day") not in RANGES:
        return json_of({"error": "Invalid value for parameter time_range"}, 400)
    results = listed(searxng_results(asked.fields["categories"]), mode)
    silent: list[list[str]] = []
    if mode in {Mode.UNRESPONSIVE, Mode.PARTLY}:
        silent = [["google", "access denied"], ["duckduckgo", "CAPTCHA"]]
    if mode is Mode.UNRESPONSIVE:
        results = []
    return json_of(
        {
            "query": asked.fields["q"],
            "results": results,
            "answers": [],
            "corrections": [],
            "infoboxes": [],
            "suggestions": [],
            "unresponsive_engines": silent,
        }
    )


def searxng_results(categories: str) -> list[dict[str, Any]]:
    shared = {"engine": "bing", "engines": ["bing"], "score": 1.0, "category": categories, "positions": [1]}
    if categories == "images":
        picture = {
            "title": "An <b>otter</b>",
            "url": "https://otters.example/gallery",
            "img_src": "//images.otters.example/1.jpg",
            "thumbnail_src": "https://images.otters.example/1s.jpg",
            "resolution": "1920 x 1080",
            "source": "otters.example",
        }
        return [picture | shared]
    first = {
        "title": "Otters &amp; <em>rivers</em>",
        "url": "https://otters.example/rivers",
        "content": "They\u0007 swim\n  in <b>cold</b> water.",
        "publishedDate": "2024-03-12T08:30:00+02:00",
        "thumbnail": "https://otters.example/r.jpg",
        "authors": ["A. Lutra", "B. Lontra"],
    }
    second = {"title": "", "url": "http://plain.example/?q=1", "content": None, "publishedDate": None}
    return [first | shared, second | shared]


def brave(asked: Asked, mode: Mode) -> web.Response:
    check_brave(asked, mode)
    kind = asked.path.split("/")[-2]
    if kind == "images":
        return json_of({"type": "images", "results": listed([BRAVE_IMAGE], mode)})
    results = listed([BRAVE_RESULT, BRAVE_OLD_RESULT], mode)
    if kind == "news":
        return json_of({"type": "news", "query": {"original": asked.fields["q"]}, "results": results})
    body: dict[str, Any] = {"type": "search", "query": {"original": asked.fields["q"]}}
    if mode is not Mode.EMPTY:
        body["web"] = {"type": "search", "results": results}
    return json_of(body)


BRAVE_COUNTS = {"web": 20, "news": 50, "images": 200}
BRAVE_RESULT = {
    "title": "Otters &#x27;and&#x27; <strong>rivers</strong>",
    "url": "https://otters.example/rivers",
    "description": "They swim in <strong>cold</strong> water.",
    "age": "March 12, 2024",
    "page_age": "2024-03-12T06:30:00",
    "language": "en",
    "thumbnail": {"src": "https://imgs.search.brave.com/1.jpg", "original": "https://otters.example/r.jpg"},
    "meta_url": {"hostname": "otters.example", "favicon": "https://imgs.search.brave.com/f.png", "path": "> rivers"},
}
BRAVE_OLD_RESULT = {"title": "Older", "url": "https://old.example/", "description": "Old.", "age": "3 days ago"}
BRAVE_IMAGE = {
    "title": "An otter",
    "url": "https://otters.example/gallery",
    "source": "otters.example",
    "thumbnail": {"src": "https://imgs.search.brave.com/1s.jpg", "width": 200, "height": 150},
    "properties": {"url": "https://otters.example/1.jpg", "width": 1920, "height": 1080, "placeholder": ""},
    "confidence": "high",
}


def check_brave(asked: Asked, mode: Mode) -> None:
    fields = asked.fields
    if asked.headers.get("X-Subscription-Token") != KEY or mode is Mode.REFUSED:
        raise brave_wrong(422, "SUBSCRIPTION_TOKEN_INVALID", f"The provided subscription token {KEY} is invalid.")
    resets = {"X-RateLimit-Limit": "1, 15000", "X-RateLimit-Remaining": "0, 0", "X-RateLimit-Reset": "1, 1419704"}
    if mode is Mode.LIMITED:
        raise brave_wrong(429, "RATE_LIMITED", "Request rate limit exceeded for plan.", resets)
    if mode is Mode.QUOTA:
        raise brave_wrong(429, "QUOTA_LIMITED", "Quota exceeded for plan.", resets)
    kind = asked.path.split("/")[-2]
    question = fields.get("q", "")
    wrong = [
        not 1 <= len(question) <= 400 or len(question.split()) > 50,
        not 1 <= int(fields.get("count", "1")) <= BRAVE_COUNTS[kind],
        fields.get("country", "US") not in {"US", "DE", "GB", "PT", "TW"},
        fields.get("search_lang", "en") not in {"en", "de", "jp", "pt-pt", "pt-br", "zh-hans", "zh-hant"},
        not is_freshness(fields.get("freshness", "pd")),
        kind == "images" and "freshness" in fields,
    ]
    if any(wrong):
        raise brave_wrong(422, "VALIDATION", "Unable to validate request parameter(s)")


def is_freshness(value: str) -> bool:
    first, _, last = value.partition("to")
    try:
        return value in {"pd", "pw", "pm", "py"} or date.fromisoformat(first) <= date.fromisoformat(last)
    except ValueError:
        return False


def brave_wrong(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> WrongError:
    error = {"id": "e-1", "code": code, "detail": detail, "status": status, "meta": {"component": "authentication"}}
    return WrongError(json_of({"type": "ErrorResponse", "error": error, "time": 1710000000}, status, headers))


def tavily(asked: Asked, mode: Mode) -> web.Response:
    fields = asked.fields
    if asked.headers.get("Authorization") != f"Bearer {KEY}" or mode is Mode.REFUSED:
        return tavily_error(401, f"Unauthorized: missing or invalid API key {KEY}.")
    if mode in TAVILY_ERRORS:
        status, words, headers = TAVILY_ERRORS[mode]
        return tavily_error(status, words, headers)
    wrong = [
        not 1 <= len(fields.get("query", "")) <= 400,
        fields.get("topic", "general") not in {"general", "news", "finance"},
        not 0 <= fields.get("max_results", 5) <= 20,
        fields.get("time_range", "day") not in RANGES,
        "country" in fields and (fields.get("topic") != "general" or len(fields["country"]) < 3),
        not all(is_day(fields[name]) for name in ("start_date", "end_date") if name in fields),
        not all(isinstance(fields.get(name, []), list) for name in ("include_domains", "exclude_domains")),
    ]
    if any(wrong):
        return tavily_error(400, "Invalid request")
    return json_of(
        {
            "query": fields["query"],
            "answer": None,
            "images": [],
            "results": listed([TAVILY_RESULT], mode),
            "response_time": 0.7,
            "request_id": "r-1",
            "follow_up_questions": None,
        }
    )


TAVILY_ERRORS: dict[Mode, tuple[int, str, dict[str, str]]] = {
    Mode.FORBIDDEN: (403, "Forbidden.", {}),
    Mode.LIMITED: (429, "Your request has been blocked due to excessive requests.", {"Retry-After": "17"}),
    Mode.QUOTA: (432, "This request exceeds your plan's set usage limit.", {}),
    Mode.SPENT: (433, "This request exceeds the pay-as-you-go limit.", {}),
}
TAVILY_RESULT = {
    "title": "Otters and rivers",
    "url": "https://otters.example/rivers",
    "content": "They swim in cold water; a std::vector<int> does not.",
    "score": 0.9,
    "raw_content": None,
    "published_date": "Tue, 12 Mar 2024 06:30:00 GMT",
    "favicon": "https://otters.example/favicon.ico",
}


def tavily_error(status: int, words: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return json_of({"detail": {"error": words}}, status, headers)


def is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def exa(asked: Asked, mode: Mode) -> web.Response:
    fields = asked.fields
    if asked.headers.get("x-api-key") != KEY or mode is Mode.REFUSED:
        return exa_error(401, f"Invalid API key {KEY}", "INVALID_API_KEY")
    if mode in EXA_ERRORS:
        status, words, tag, headers = EXA_ERRORS[mode]
        return exa_error(status, words, tag, headers)
    wrong = [
        not fields.get("query"),
        fields.get("type", "auto") not in {"auto", "neural", "fast", "deep", "instant"},
        not 1 <= fields.get("numResults", 10) <= 100,
        fields.get("category", "news") not in {"company", "news", "publication", "people"},
        len(fields.get("userLocation", "US")) != 2,
        not all(
            str(fields[name]).endswith("Z") for name in ("startPublishedDate", "endPublishedDate") if name in fields
        ),
    ]
    if any(wrong):
        return exa_error(400, "Invalid request body", "INVALID_REQUEST_BODY")
    return json_of(
        {
            "requestId": "r-1",
            "resolvedSearchType": "neural",
            "results": listed([EXA_RESULT], mode),
            "costDollars": {"total": 0.005},
        }
    )


EXA_ERRORS: dict[Mode, tuple[int, str, str, dict[str, str]]] = {
    Mode.FORBIDDEN: (403, "This feature is not part of your plan", "ACCESS_DENIED", {}),
    Mode.QUOTA: (402, "You have exceeded your credits limit", "NO_MORE_CREDITS", {}),
    Mode.LIMITED: (429, "You've exceeded your rate limit", "RATE_LIMITED", {"Retry-After": "17"}),
}
EXA_RESULT = {
    "id": "https://otters.example/rivers",
    "title": "Otters and rivers",
    "url": "https://otters.example/rivers",
    "publishedDate": "2024-03-12T06:30:00.000Z",
    "author": "A. Lutra",
    "score": 0.4,
    "image": "https://otters.example/r.jpg",
    "favicon": "https://otters.example/favicon.ico",
    "highlights": ["They swim.", "The water is cold."],
    "highlightScores": [0.5, 0.4],
}


def exa_error(status: int, words: str, tag: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return json_of({"requestId": "r-1", "error": words, "tag": tag}, status, headers)


def wikipedia(asked: Asked, mode: Mode) -> web.Response:  # noqa: PLR0911 - one for each of its answers.
    fields = asked.fields
    if asked.headers.get("User-Agent", "").lower().startswith(LIBRARIES):
        return web.Response(status=403, text="Please set a user-agent and respect our robot policy")
    if mode is Mode.LIMITED:
        return wikipedia_error("ratelimited", "You've exceeded your rate limit.", {"Retry-After": "17"})
    if mode is Mode.QUOTA:
        return wikipedia_error("maxlag", "Waiting for 10.64.16.7: 6.2 seconds lagged.", {"Retry-After": "5"})
    expected = {"action": "query", "list": "search", "format": "json", "formatversion": "2"}
    if any(fields.get(name) != value for name, value in expected.items()):
        return wikipedia_error("badvalue", "Unrecognized value for parameter.")
    if not 1 <= int(fields["srlimit"]) <= 500:
        return wikipedia_error("badinteger", "srlimit may not be over 500.")
    if len(fields["srsearch"]) > 300:
        return wikipedia_error("cirrussearch-query-too-long", "Search request is longer than the maximum length.")
    found = {"searchinfo": {"totalhits": 2}, "search": listed(WIKIPEDIA_RESULTS, mode, "title")}
    if mode is Mode.ODD:
        # There an address is made of the title, whatever it is.
        found["search"] = [None, 7, {}, {"title": 17}, {"title": ""}, *WIKIPEDIA_RESULTS]
    return json_of({"batchcomplete": True, "query": found})


WIKIPEDIA_RESULTS = [
    {
        "ns": 0,
        "title": "Otter (mammal)",
        "pageid": 1,
        "snippet": 'The <span class="searchmatch">otter</span>s &amp; their &quot;rivers&quot;',
        "timestamp": "2024-03-12T06:30:00Z",
    },
    {"ns": 0, "title": "C++? Über 100%", "pageid": 2, "snippet": "", "timestamp": "2024-03-12T06:30:00Z"},
]


def wikipedia_error(code: str, info: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return json_of({"error": {"code": code, "info": info}, "servedby": "mw1"}, 200, headers)
