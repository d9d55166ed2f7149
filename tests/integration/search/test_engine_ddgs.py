"""The adapter of the library ddgs: what it asks, what it makes of failures, and how its threads are bounded."""

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_asyncio
from ddgs.ddgs import DDGS
from ddgs.engines import ENGINES
from ddgs.exceptions import DDGSException, RatelimitException, TimeoutException

from flexura_search.domain.findings import EngineAnswer, EngineFailedError, EngineStatus, Hit, ImageHit
from flexura_search.domain.queries import Days, Query, TimeRange, Topic
from flexura_search.engines import DDGSEngine
from flexura_search.engines.ddgs import BACKENDS

NOW = datetime(2024, 3, 15, 12, tzinfo=UTC)
THREADS = 2
TIMEOUT_S = 10.0
METHODS = {Topic.GENERAL: "text", Topic.NEWS: "news", Topic.IMAGES: "images"}
OTTERS = Query("otters")
FOUND: dict[str, list[Any]] = {
    "text": [{"title": "Otters &amp; rivers", "href": "https://otters.example/", "body": "They <b>swim</b>."}],
    "news": [
        None,
        {"title": "No address", "body": "x"},
        {"title": "Otters", "url": "https://news.example/", "body": "New.", "date": "2024-03-12T06:30:00+00:00"},
        {"title": "Later", "url": "https://news.example/2", "date": "2 hours ago", "image": "//i.example/1.jpg"},
    ],
    "images": [
        {
            "title": "An otter",
            "image": "https://i.example/1.jpg",
            "thumbnail": "https://i.example/1s.jpg",
            "url": "https://otters.example/",
            "height": "1080",
            "width": 1920,
        }
    ],
}


class StandIn:
    """Stands for `ddgs.DDGS`."""

    def __init__(self, work: Callable[[str], list[Any]] = FOUND.__getitem__) -> None:
        self._work = work
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.timeouts: list[float] = []

    def made(self, timeout: float) -> "StandIn":
        self.timeouts.append(timeout)
        return self

    def text(self, query: str, **options: Any) -> list[dict[str, Any]]:
        return self._answer("text", query, options)

    def news(self, query: str, **options: Any) -> list[dict[str, Any]]:
        return self._answer("news", query, options)

    def images(self, query: str, **options: Any) -> list[dict[str, Any]]:
        return self._answer("images", query, options)

    def _answer(self, method: str, query: str, options: dict[str, Any]) -> list[Any]:
        self.asked.append((method, query, options))
        return self._work(method)


@pytest_asyncio.fixture
async def executor() -> AsyncIterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads


def engine_of(executor: ThreadPoolExecutor, library: StandIn) -> DDGSEngine:
    return DDGSEngine(executor, THREADS, library.made, clock=lambda: NOW)


def failing(error: BaseException) -> StandIn:
    def fail(_: str) -> list[Any]:
        raise error

    return StandIn(fail)


async def failure_of(engine: DDGSEngine, timeout_s: float = TIMEOUT_S) -> EngineFailedError:
    with pytest.raises(EngineFailedError) as failed:
        await engine.search(OTTERS, timeout_s)
    return failed.value


async def test_what_the_library_finds_is_read(executor: ThreadPoolExecutor) -> None:
    engine = engine_of(executor, StandIn())

    general = await engine.search(OTTERS, TIMEOUT_S)
    news = await engine.search(Query("otters", Topic.NEWS), TIMEOUT_S)
    images = await engine.search(Query("otters", Topic.IMAGES), TIMEOUT_S)

    assert general == EngineAnswer(hits=(Hit("Otters & rivers", "https://otters.example/", "They swim."),))
    assert [hit.published_at for hit in news.hits] == [
        datetime(2024, 3, 12, 6, 30, tzinfo=UTC),
        datetime(2024, 3, 15, 10, tzinfo=UTC),
    ]
    assert news.hits[1].image == "https://i.example/1.jpg"
    assert images.images == (
        ImageHit(
            "https://i.example/1.jpg", "https://otters.example/", "An otter", "https://i.example/1s.jpg", 1920, 1080
        ),
    )
    assert (engine.name, engine.is_fallback, engine.topics) == ("ddgs", True, frozenset(METHODS))


async def test_the_library_is_asked_with_its_filters_and_with_backends_by_name(executor: ThreadPoolExecutor) -> None:
    library = StandIn()
    query = Query(
        "otters",
        results_max=500,
        days=Days(first=date(2024, 3, 10)),
        country="gb",
        include_domains=tuple(f"{letter}.example" for letter in "abcdefg"),
        exclude_domains=("z.example",),
    )

    await engine_of(executor, library).search(query, 7.6)

    ((method, text, options),) = library.asked
    within = " OR ".join(f"site:{letter}.example" for letter in "abcde")
    assert (method, text) == ("text", f"otters {within} -site:z.example")
    assert options == {
        "region": "uk-en",
        "timelimit": "w",
        "max_results": 50,
        "backend": "duckduckgo,brave,mojeek,startpage,yahoo",
    }
    assert library.timeouts == [8]


async def test_images_of_a_range_come_from_the_one_backend_that_has_ranges(executor: ThreadPoolExecutor) -> None:
    library = StandIn()
    engine = engine_of(executor, library)

    await engine.search(Query("otters", Topic.IMAGES, time_range=TimeRange.DAY, language="ja"), TIMEOUT_S)
    await engine.search(Query("otters", Topic.IMAGES), TIMEOUT_S)

    assert [options["backend"] for _, _, options in library.asked] == ["duckduckgo", "duckduckgo,bing"]
    assert [options["timelimit"] for _, _, options in library.asked] == ["d", None]
    assert [options["region"] for _, _, options in library.asked] == ["jp-ja", "us-en"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TimeoutException("operation timed out"), EngineStatus.TIMED_OUT),
        (RatelimitException("202"), EngineStatus.LIMITED),
        (DDGSException("ConnectError: no route"), EngineStatus.UNREACHABLE),
        (DDGSException("DNSError: DNSError('https://search.example/?sid=1')"), EngineStatus.UNREACHABLE),
        (DDGSException(DDGSException("wrapped")), EngineStatus.BROKEN),
        (KeyError("vqd"), EngineStatus.BROKEN),
        (StopIteration(), EngineStatus.BROKEN),
        (BaseException("a panic in Rust"), EngineStatus.BROKEN),
    ],
)
async def test_errors_of_the_library_are_told_apart(
    executor: ThreadPoolExecutor, error: BaseException, status: EngineStatus
) -> None:
    failed = await failure_of(engine_of(executor, failing(error)))

    assert failed.status is status
    assert failed.reason


async def test_nothing_found_is_an_error_there_and_an_empty_answer_here(executor: ThreadPoolExecutor) -> None:
    engine = engine_of(executor, failing(DDGSException("No results found.")))

    assert await engine.search(OTTERS, TIMEOUT_S) == EngineAnswer()


async def test_what_it_says_is_cut_short(executor: ThreadPoolExecutor) -> None:
    failed = await failure_of(engine_of(executor, failing(DDGSException("x" * 5000))))

    assert len(failed.reason) < 250


async def test_searches_that_hang_keep_their_threads_and_no_more_are_let_in(executor: ThreadPoolExecutor) -> None:
    ending = threading.Event()

    def hang(_: str) -> list[Any]:
        ending.wait(30)
        return FOUND["text"]

    engine = engine_of(executor, StandIn(hang))
    try:
        hung = [await failure_of(engine, 0.05) for _ in range(THREADS)]
        refused = await failure_of(engine)
    finally:
        ending.set()

    assert [failed.status for failed in hung] == [EngineStatus.TIMED_OUT] * THREADS
    assert refused.status is EngineStatus.LIMITED
    # Their threads have ended by themselves, and their places are free again.
    assert (await until_answered(engine)).hits


async def until_answered(engine: DDGSEngine) -> EngineAnswer:
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            try:
                return await engine.search(OTTERS, TIMEOUT_S)
            except EngineFailedError:
                await asyncio.sleep(0.01)


async def test_a_search_after_the_end_of_its_threads_is_told_so() -> None:
    executor = ThreadPoolExecutor(THREADS)
    executor.shutdown()
    engine = engine_of(executor, StandIn())

    reasons = {(await failure_of(engine)).status for _ in range(THREADS + 1)}

    assert reasons == {EngineStatus.UNREACHABLE}


def test_the_real_library_has_what_is_used_of_it() -> None:
    """Fails where a new version has other parameters, backends or errors."""
    assert "timeout" in inspect.signature(DDGS).parameters
    searching = inspect.signature(DDGS._search_sync).parameters  # noqa: SLF001 - the public methods hand all to it.
    assert {"query", "region", "timelimit", "max_results", "backend"} <= set(searching)
    for topic, method in METHODS.items():
        parameters = inspect.signature(getattr(DDGS, method)).parameters
        assert list(parameters) == ["self", "query", "kwargs"]
        assert set(BACKENDS[topic].split(",")) <= set(ENGINES[method])
    assert issubclass(TimeoutException, DDGSException)
    assert issubclass(RatelimitException, DDGSException)


def test_the_real_library_fails_on_an_empty_result_with_the_words_that_are_looked_for() -> None:
    assert '"No results found."' in inspect.getsource(DDGS._search_sync)  # noqa: SLF001 - it has no other sign.
