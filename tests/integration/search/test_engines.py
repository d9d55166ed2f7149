"""Each engine's adapter against a peer that speaks the engine's documented format."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest
from aiohttp import ClientSession, web
from integration.search import engine_peers
from integration.search.engine_peers import AGENT, KEY, Asked, Mode, Peer, peer

from flexura_search.domain.findings import EngineAnswer, EngineFailedError, EngineStatus, Hit, ImageHit
from flexura_search.domain.queries import Days, Query, TimeRange, Topic
from flexura_search.engines import BraveEngine, ExaEngine, SearXNGEngine, TavilyEngine, WikipediaEngine
from flexura_search.ports import SearchEngine

NOW = datetime(2024, 3, 15, 12, tzinfo=UTC)
MORNING = datetime(2024, 3, 12, 6, 30, tzinfo=UTC)
TIMEOUT_S = 10.0
SHORT_S = 0.2
OTTERS = Query("otters")


def clock() -> datetime:
    return NOW


@dataclass(frozen=True)
class Kind:
    """An engine, and what it is asked by."""

    answer: Callable[[Asked, Mode], web.Response]
    method: str
    path: str
    adapter: Callable[[ClientSession, str, str], SearchEngine]


def wikipedia_adapter(session: ClientSession, url: str, _: str) -> SearchEngine:
    return WikipediaEngine(session, AGENT, url)


KINDS = {
    "searxng": Kind(
        engine_peers.searxng, "GET", "/search", lambda session, url, _: SearXNGEngine(session, url, AGENT, clock=clock)
    ),
    "brave": Kind(
        engine_peers.brave,
        "GET",
        "/res/v1/{kind}/search",
        lambda session, url, key: BraveEngine(session, key, url, clock=clock),
    ),
    "tavily": Kind(engine_peers.tavily, "POST", "/search", lambda session, url, key: TavilyEngine(session, key, url)),
    "exa": Kind(
        engine_peers.exa, "POST", "/search", lambda session, url, key: ExaEngine(session, key, url, clock=clock)
    ),
    "wikipedia": Kind(engine_peers.wikipedia, "GET", "/w/api.php", wikipedia_adapter),
}


@asynccontextmanager
async def asking(name: str, mode: Mode = Mode.FINE, key: str = KEY) -> AsyncIterator[tuple[SearchEngine, Peer]]:
    kind = KINDS[name]
    async with peer(kind.answer, kind.method, kind.path) as listening, ClientSession() as session:
        listening.mode = mode
        yield kind.adapter(session, listening.url, key), listening


async def answer_of(name: str, query: Query = OTTERS, mode: Mode = Mode.FINE) -> EngineAnswer:
    async with asking(name, mode) as (engine, _):
        return await engine.search(query, TIMEOUT_S)


async def asked_of(name: str, query: Query) -> Asked:
    async with asking(name) as (engine, listening):
        await engine.search(query, TIMEOUT_S)
        return listening.asked[-1]


async def failure_of(name: str, mode: Mode, *, key: str = KEY, timeout_s: float = TIMEOUT_S) -> EngineFailedError:
    async with asking(name, mode, key) as (engine, _):
        with pytest.raises(EngineFailedError) as failed:
            await engine.search(OTTERS, timeout_s)
    assert len(failed.value.reason) <= 300
    for text in (str(failed.value), repr(failed.value), repr(failed.value.__cause__)):
        assert key not in text
    return failed.value


def test_engines_are_what_the_port_asks_for() -> None:
    session: ClientSession = None  # type: ignore[assignment] - nothing is asked here.
    engines = {name: kind.adapter(session, "http://127.0.0.1", KEY) for name, kind in KINDS.items()}

    assert {name: engine.name for name, engine in engines.items()} == {name: name for name in KINDS}
    assert [name for name, engine in engines.items() if engine.is_fallback] == ["wikipedia"]
    assert SearXNGEngine(session, "http://127.0.0.1", AGENT, is_fallback=True).is_fallback
    assert engines["searxng"].topics == set(Topic)
    assert engines["brave"].topics == {Topic.GENERAL, Topic.NEWS, Topic.IMAGES, Topic.CODE}
    assert engines["tavily"].topics == {Topic.GENERAL, Topic.NEWS}
    assert engines["exa"].topics == set(Topic) - {Topic.IMAGES}
    assert engines["wikipedia"].topics == {Topic.GENERAL, Topic.ACADEMIC}


RIVERS = "https://otters.example/rivers"
HITS = {
    "searxng": Hit(
        title="Otters & rivers",
        url=RIVERS,
        snippet="They swim in cold water.",
        published_at=MORNING,
        author="A. Lutra, B. Lontra",
        image="https://otters.example/r.jpg",
    ),
    "brave": Hit(
        title="Otters 'and' rivers",
        url=RIVERS,
        snippet="They swim in cold water.",
        published_at=MORNING,
        favicon="https://imgs.search.brave.com/f.png",
        image="https://otters.example/r.jpg",
    ),
    "tavily": Hit(
        title="Otters and rivers",
        url=RIVERS,
        snippet="They swim in cold water; a std::vector<int> does not.",
        published_at=MORNING,
        favicon="https://otters.example/favicon.ico",
    ),
    "exa": Hit(
        title="Otters and rivers",
        url=RIVERS,
        snippet="They swim. … The water is cold.",
        published_at=MORNING,
        author="A. Lutra",
        favicon="https://otters.example/favicon.ico",
        image="https://otters.example/r.jpg",
    ),
}


@pytest.mark.parametrize("name", HITS)
async def test_hits_are_read_as_plain_text_with_their_dates(name: str) -> None:
    answer = await answer_of(name)

    assert answer.hits[0] == HITS[name]
    assert (answer.images, answer.shortfall) == ((), "")


async def test_wikipedia_hits_have_their_address_and_no_date_as_theirs_is_of_the_last_edit() -> None:
    async with asking("wikipedia") as (engine, listening):
        answer = await engine.search(OTTERS, TIMEOUT_S)

    assert answer.hits == (
        Hit("Otter (mammal)", f"{listening.url}/wiki/Otter_(mammal)", 'The otters & their "rivers"'),
        Hit("C++? Über 100%", f"{listening.url}/wiki/C%2B%2B%3F_%C3%9Cber_100%25"),
    )


async def test_a_hit_without_a_title_bears_its_address() -> None:
    answer = await answer_of("searxng")

    assert answer.hits[1] == Hit("http://plain.example/?q=1", "http://plain.example/?q=1")


async def test_brave_dates_by_age_where_it_says_nothing_better() -> None:
    answer = await answer_of("brave")

    assert answer.hits[1].published_at == datetime(2024, 3, 12, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["searxng", "brave"])
async def test_images_have_their_page_and_their_size(name: str) -> None:
    answer = await answer_of(name, Query("otters", Topic.IMAGES))

    image = ImageHit("https://otters.example/1.jpg", "https://otters.example/gallery", "An otter", "", 1920, 1080)
    (found,) = answer.images
    assert replace(found, thumbnail_url="", url=found.url.replace("images.", "")) == image
    assert found.thumbnail_url.endswith("/1s.jpg")
    assert answer.hits == ()


@pytest.mark.parametrize("name", KINDS)
async def test_nothing_found_is_an_empty_answer(name: str) -> None:
    assert await answer_of(name, mode=Mode.EMPTY) == EngineAnswer()


@pytest.mark.parametrize("name", KINDS)
async def test_broken_results_are_passed_over_and_the_others_stay(name: str) -> None:
    odd, fine = await answer_of(name, mode=Mode.ODD), await answer_of(name)

    assert [hit.title for hit in odd.hits] == [hit.title for hit in fine.hits]


@pytest.mark.parametrize("name", KINDS)
async def test_no_more_is_answered_than_was_asked_for(name: str) -> None:
    assert len((await answer_of(name, replace(OTTERS, results_max=1))).hits) == 1


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    ("mode", "status", "words"),
    [
        (Mode.NO_LIST, EngineStatus.BROKEN, "no list of results"),
        (Mode.CHANGED, EngineStatus.BROKEN, "none of its 1 results can be read"),
        (Mode.CAPTCHA, EngineStatus.BLOCKED, "web page"),
        (Mode.BROKEN_JSON, EngineStatus.BROKEN, "cannot be read"),
        (Mode.HUGE, EngineStatus.BROKEN, "larger than 4 MiB"),
        (Mode.CUT_OFF, EngineStatus.UNREACHABLE, "in the middle of the answer"),
        (Mode.REDIRECT, EngineStatus.BROKEN, "not followed"),
        (Mode.OUT_OF_SERVICE, EngineStatus.UNREACHABLE, "Try again later"),
    ],
)
async def test_what_goes_wrong_everywhere_is_told_in_the_same_way(
    name: str, mode: Mode, status: EngineStatus, words: str
) -> None:
    failed = await failure_of(name, mode)

    assert failed.status is status
    assert words in failed.reason


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("mode", [Mode.SLOW, Mode.SLOW_BODY])
async def test_one_deadline_holds_for_the_whole_call(name: str, mode: Mode) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()

    failed = await failure_of(name, mode, timeout_s=SHORT_S)

    assert failed.status is EngineStatus.TIMED_OUT
    assert failed.reason == "it did not answer within 0.2 s"
    assert loop.time() - started < 5


@pytest.mark.parametrize("name", KINDS)
async def test_nobody_listening_is_unreachable(name: str) -> None:
    async with asking(name) as (_, listening):
        url = listening.url
    async with ClientSession() as session:
        with pytest.raises(EngineFailedError) as failed:
            await KINDS[name].adapter(session, url, KEY).search(OTTERS, TIMEOUT_S)

    assert failed.value.status is EngineStatus.UNREACHABLE
    assert failed.value.reason == "no answer was received: nothing takes connections there"


@pytest.mark.parametrize("name", KINDS)
async def test_cancelling_a_search_lets_go_of_it_at_once(name: str) -> None:
    async with asking(name, Mode.SLOW) as (engine, listening):
        searching = asyncio.create_task(engine.search(OTTERS, TIMEOUT_S))
        while not listening.asked:
            await asyncio.sleep(0.01)
        searching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await searching


@pytest.mark.parametrize(
    ("name", "mode", "status", "words", "retry_after_s"),
    [
        ("searxng", Mode.LIMITED, EngineStatus.LIMITED, "Too Many Requests", 17),
        ("searxng", Mode.REFUSED, EngineStatus.LIMITED, "its limiter", None),
        ("searxng", Mode.FORBIDDEN, EngineStatus.REFUSED, "add json to search.formats in its settings.yml", None),
        ("brave", Mode.LIMITED, EngineStatus.LIMITED, "Request rate limit exceeded", 1),
        ("brave", Mode.QUOTA, EngineStatus.QUOTA_USED, "Quota exceeded for plan", None),
        ("brave", Mode.REFUSED, EngineStatus.REFUSED, "subscription token [key] is invalid", None),
        ("tavily", Mode.LIMITED, EngineStatus.LIMITED, "excessive requests", 17),
        ("tavily", Mode.QUOTA, EngineStatus.QUOTA_USED, "exceeds your plan's set usage limit", None),
        ("tavily", Mode.SPENT, EngineStatus.QUOTA_USED, "pay-as-you-go", None),
        ("tavily", Mode.REFUSED, EngineStatus.REFUSED, "invalid API key [key]", None),
        ("tavily", Mode.FORBIDDEN, EngineStatus.REFUSED, "Forbidden", None),
        ("exa", Mode.LIMITED, EngineStatus.LIMITED, "rate limit", 17),
        ("exa", Mode.QUOTA, EngineStatus.QUOTA_USED, "credits limit", None),
        ("exa", Mode.REFUSED, EngineStatus.REFUSED, "Invalid API key [key]", None),
        ("exa", Mode.FORBIDDEN, EngineStatus.REFUSED, "not part of your plan", None),
        ("wikipedia", Mode.LIMITED, EngineStatus.LIMITED, "exceeded your rate limit", 17),
        ("wikipedia", Mode.QUOTA, EngineStatus.LIMITED, "seconds lagged", 5),
    ],
)
async def test_refusals_are_told_apart(
    name: str, mode: Mode, status: EngineStatus, words: str, retry_after_s: float | None
) -> None:
    failed = await failure_of(name, mode)

    assert failed.status is status
    assert words in failed.reason
    assert failed.retry_after_s == retry_after_s


@pytest.mark.parametrize("name", ["brave", "tavily", "exa"])
async def test_a_wrong_key_is_refused(name: str) -> None:
    assert (await failure_of(name, Mode.FINE, key="another-key")).status is EngineStatus.REFUSED


@pytest.mark.parametrize("name", ["brave", "tavily", "exa"])
async def test_a_key_that_no_header_takes_is_in_no_error(name: str) -> None:
    failed = await failure_of(name, Mode.FINE, key="key-0123\r\nX-Other: 1")

    assert (failed.status, failed.reason) == (EngineStatus.BROKEN, "the request could not be written")


async def test_a_page_that_stands_for_a_refusal_is_not_quoted() -> None:
    assert "<" not in (await failure_of("searxng", Mode.FORBIDDEN)).reason


async def test_searxng_that_got_no_answer_itself_is_blocked_and_not_empty() -> None:
    failed = await failure_of("searxng", Mode.UNRESPONSIVE)

    assert failed.status is EngineStatus.BLOCKED
    assert failed.reason == "none of its engines answered: google (access denied), duckduckgo (CAPTCHA)"


async def test_searxng_that_got_some_answers_says_which_are_missing() -> None:
    answer = await answer_of("searxng", mode=Mode.PARTLY)

    assert answer.hits[0] == HITS["searxng"]
    assert answer.shortfall == "some of its engines did not answer: google (access denied), duckduckgo (CAPTCHA)"


FILTERED = Query(
    "otters",
    results_max=500,
    days=Days(date(2024, 3, 1), date(2024, 3, 10)),
    country="de",
    language="de",
    include_domains=("a.example", "b.example"),
    exclude_domains=("c.example",),
)
OPERATORS = "otters site:a.example OR site:b.example -site:c.example"


async def test_searxng_is_asked_with_its_filters() -> None:
    asked = await asked_of("searxng", FILTERED)

    assert asked.fields == {
        "q": OPERATORS,
        "format": "json",
        "categories": "general",
        "time_range": "month",
        "language": "de-DE",
    }
    assert asked.headers["User-Agent"] == AGENT
    assert asked.headers["Accept"] == "application/json, text/html"


@pytest.mark.parametrize(
    ("topic", "category"),
    [
        (Topic.GENERAL, "general"),
        (Topic.NEWS, "news"),
        (Topic.IMAGES, "images"),
        (Topic.ACADEMIC, "science"),
        (Topic.CODE, "it"),
    ],
)
async def test_searxng_topics_are_categories(topic: Topic, category: str) -> None:
    asked = await asked_of("searxng", Query("otters", topic, time_range=TimeRange.DAY))

    assert asked.fields == {"q": "otters", "format": "json", "categories": category, "time_range": "day"}


async def test_brave_is_asked_with_its_filters() -> None:
    asked = await asked_of("brave", FILTERED)

    assert asked.path == "/res/v1/web/search"
    assert asked.fields == {
        "q": OPERATORS,
        "count": "20",
        "country": "DE",
        "search_lang": "de",
        "text_decorations": "false",
        "result_filter": "web",
        "freshness": "2024-03-01to2024-03-10",
    }


@pytest.mark.parametrize(
    ("topic", "path", "count"),
    [(Topic.GENERAL, "web", 20), (Topic.CODE, "web", 20), (Topic.NEWS, "news", 50), (Topic.IMAGES, "images", 200)],
)
async def test_brave_topics_are_paths_with_a_bound_each(topic: Topic, path: str, count: int) -> None:
    asked = await asked_of("brave", Query("otters", topic, results_max=500, time_range=TimeRange.WEEK))

    assert asked.path == f"/res/v1/{path}/search"
    assert asked.fields["count"] == str(count)
    assert asked.fields.get("freshness") == (None if topic is Topic.IMAGES else "pw")


@pytest.mark.parametrize(
    ("days", "freshness"),
    [
        (Days(first=date(2024, 3, 1)), "2024-03-01to2024-03-15"),
        (Days(last=date(2024, 3, 1)), "1970-01-01to2024-03-01"),
    ],
)
async def test_brave_days_that_are_open_are_closed(days: Days, freshness: str) -> None:
    assert (await asked_of("brave", Query("otters", days=days))).fields["freshness"] == freshness


@pytest.mark.parametrize(
    ("language", "country", "expected"),
    [
        ("ja", "jp", "jp"),
        ("pt", "pt", "pt-pt"),
        ("pt", "br", "pt-br"),
        ("zh", "tw", "zh-hant"),
        ("zh", "", "zh-hans"),
        ("sw", "", None),
    ],
)
async def test_brave_has_names_of_its_own_for_languages(language: str, country: str, expected: str | None) -> None:
    query = Query("otters", language=language, country=country if country in {"pt", "tw"} else "")

    assert (await asked_of("brave", query)).fields.get("search_lang") == expected


async def test_brave_is_not_asked_for_countries_that_it_refuses() -> None:
    assert "country" not in (await asked_of("brave", Query("otters", country="va"))).fields


@pytest.mark.parametrize(
    ("engine", "text"),
    [
        ("brave", "o" * 401),
        ("brave", "a b " * 26),
        ("tavily", "水" * 401),
        ("wikipedia", "水" * 101),
        ("searxng", "水" * 1500),
    ],
)
async def test_a_query_that_is_too_long_is_not_sent_and_not_cut(engine: str, text: str) -> None:
    with pytest.raises(EngineFailedError, match=r"at most|no address of 13,5") as failed:
        await asked_of(engine, Query(text))
    assert failed.value.status is EngineStatus.QUERY_TOO_LONG
    assert not failed.value.is_engines


async def test_tavily_is_asked_with_its_filters() -> None:
    assert (await asked_of("tavily", FILTERED)).fields == {
        "query": "otters",
        "topic": "general",
        "search_depth": "basic",
        "max_results": 20,
        "include_favicon": True,
        "country": "germany",
        "include_domains": ["a.example", "b.example"],
        "exclude_domains": ["c.example"],
        "start_date": "2024-03-01",
        "end_date": "2024-03-11",
    }


async def test_tavily_news_take_no_country() -> None:
    query = Query("otters " * 57, Topic.NEWS, 7, TimeRange.MONTH, country="de")

    fields = (await asked_of("tavily", query)).fields

    assert {name: fields[name] for name in fields if name != "query"} == {
        "topic": "news",
        "search_depth": "basic",
        "max_results": 7,
        "include_favicon": True,
        "time_range": "month",
    }


async def test_exa_is_asked_with_its_filters() -> None:
    assert (await asked_of("exa", FILTERED)).fields == {
        "query": "otters",
        "type": "auto",
        "numResults": 100,
        "userLocation": "DE",
        "includeDomains": ["a.example", "b.example"],
        "excludeDomains": ["c.example"],
        "startPublishedDate": "2024-03-01T00:00:00.000Z",
        "endPublishedDate": "2024-03-10T23:59:59.999Z",
        "contents": {"highlights": True},
    }


@pytest.mark.parametrize(
    ("topic", "category"),
    [(Topic.GENERAL, None), (Topic.NEWS, "news"), (Topic.ACADEMIC, "publication"), (Topic.CODE, None)],
)
async def test_exa_topics_are_categories_where_it_has_one(topic: Topic, category: str | None) -> None:
    fields = (await asked_of("exa", Query("otters", topic, time_range=TimeRange.WEEK))).fields

    assert fields.get("category") == category
    assert fields["startPublishedDate"] == "2024-03-08T00:00:00.000Z"


async def test_wikipedia_is_asked_as_its_etiquette_says() -> None:
    asked = await asked_of("wikipedia", replace(FILTERED, text="otters in rivers", results_max=9000))

    assert asked.headers["User-Agent"] == AGENT
    assert asked.fields["srlimit"] == "500"
    assert asked.fields["srsearch"] == "otters in rivers"


@pytest.mark.parametrize(
    ("language", "host"),
    [("", "en"), ("de", "de"), ("nb", "no"), ("x", "en"), ("e.", "en"), ("évil", "en"), ("a/", "en")],
)
async def test_wikipedia_of_the_language_is_asked_and_no_other_host(language: str, host: str) -> None:
    async with peer(engine_peers.wikipedia, "GET", "/{host}/w/api.php") as listening, ClientSession() as session:
        engine = WikipediaEngine(session, AGENT, f"{listening.url}/{{language}}")
        answer = await engine.search(Query("otters", language=language), TIMEOUT_S)

    assert listening.asked[-1].path == f"/{host}/w/api.php"
    assert answer.hits[0].url == f"{listening.url}/{host}/wiki/Otter_(mammal)"


@pytest.mark.parametrize(
    ("header", "moment"),
    [("Fri, 15 Mar 2024 12:01:30 GMT", 90.0), ("soon", None), ("Fri, 15 Mar 2024 11:00:00 GMT", 0)],
)
async def test_a_date_to_ask_again_counts_from_the_date_of_the_answer(header: str, moment: float | None) -> None:
    def limited(_: Asked, __: Mode) -> web.Response:
        # A wait is counted on the clock of whoever sends it.
        return web.Response(status=429, headers={"Retry-After": header, "Date": "Fri, 15 Mar 2024 12:00:00 GMT"})

    fixed = clock
    async with peer(limited, "POST", "/search") as listening, ClientSession() as session:
        with pytest.raises(EngineFailedError) as failed:
            await ExaEngine(session, KEY, listening.url, clock=fixed).search(OTTERS, TIMEOUT_S)

    assert failed.value.retry_after_s == moment
