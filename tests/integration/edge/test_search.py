"""Searching over HTTP: what is handed on to the search service, and how its answers are told."""

from typing import Any

import pytest
from integration.edge.peers import Edge
from integration.edge.search_peers import engine, whole_answer
from integration.edge.test_openapi import check

from flexura.search.v1 import search_service_pb2 as pb

SEARCH = "/api/search"


@pytest.fixture
def door(door: Edge) -> Edge:
    door.peers.search.engines = [engine("brave")]
    return door


async def ask(door: Edge, path: str, **fields: Any) -> tuple[int, Any]:
    """Asks, sees that the answer is as the document says, and answers it."""
    async with door.client.post(path, json=fields, headers=door.headers) as response:
        answer = await response.json()
        assert response.headers["Cache-Control"] == "no-store"
        retry_after = response.headers.get("Retry-After")
    check("POST", path, response.status, response.content_type, answer)
    if response.status != 200:
        assert (retry_after is not None) == answer["retryable"]
    return response.status, answer


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"query": "otters"}, {"query": "otters"}),
        ({"query": " two  words "}, {"query": " two  words "}),
        ({"query": ["otters"]}, {"query": "otters"}),
        ({"query": ["a", "b", "c", "d", "e", "f"]}, {"query": "a", "further_queries": ["b", "c", "d", "e", "f"]}),
        ({"max_results": 50}, {"max_results": 50}),
        ({"topic": "general"}, {"topic": pb.TOPIC_GENERAL}),
        ({"topic": "news"}, {"topic": pb.TOPIC_NEWS}),
        ({"topic": "images"}, {"topic": pb.TOPIC_IMAGES}),
        ({"topic": "academic"}, {"topic": pb.TOPIC_ACADEMIC}),
        ({"topic": "code"}, {"topic": pb.TOPIC_CODE}),
        ({"time_range": "day"}, {"time_range": pb.TIME_RANGE_DAY}),
        ({"time_range": "week"}, {"time_range": pb.TIME_RANGE_WEEK}),
        ({"time_range": "month"}, {"time_range": pb.TIME_RANGE_MONTH}),
        ({"time_range": "year"}, {"time_range": pb.TIME_RANGE_YEAR}),
        ({"start_date": "2026-04-01", "end_date": "soon"}, {"start_date": "2026-04-01", "end_date": "soon"}),
        ({"country": "de", "language": "en"}, {"country": "de", "language": "en"}),
        ({"include_domains": ["a.example", "b.example"]}, {"include_domains": ["a.example", "b.example"]}),
        ({"exclude_domains": ["c.example"]}, {"exclude_domains": ["c.example"]}),
        ({"content": "none"}, {"content": pb.CONTENT_NONE}),
        ({"content": "highlights"}, {"content": pb.CONTENT_HIGHLIGHTS}),
        ({"content": "full"}, {"content": pb.CONTENT_FULL}),
        ({"format": "markdown"}, {"format": pb.TEXT_FORMAT_MARKDOWN}),
        ({"format": "text"}, {"format": pb.TEXT_FORMAT_TEXT}),
        ({"max_tokens": 1_000_000}, {"max_tokens": 1_000_000}),
        ({"engines": ["exa", "brave"]}, {"engines": ["exa", "brave"]}),
        ({"no_fallback": True}, {"no_fallback": True}),
        ({"timeout_ms": 500}, {"timeout_ms": 500}),
        ({"cache": "default"}, {"is_fresh": False}),
        ({"cache": "fresh"}, {"is_fresh": True}),
    ],
)
async def test_each_field_of_a_search_is_handed_on(door: Edge, fields: dict[str, Any], message: dict[str, Any]) -> None:
    status, _ = await ask(door, SEARCH, **{"query": "otters"} | fields)
    assert status == 200
    assert door.peers.search.searches == [pb.SearchRequest(**{"account_id": "acc_1", "query": "otters"} | message)]


async def test_a_search_goes_on_with_nothing_but_its_cursor_and_limits(door: Edge) -> None:
    await ask(door, SEARCH, **{"continue": "kV3x"})
    await ask(door, SEARCH, **{"continue": "kV3x", "max_tokens": 800, "timeout_ms": 2000})
    assert door.peers.search.searches == [
        pb.SearchRequest(account_id="acc_1", continuation="kV3x"),
        pb.SearchRequest(account_id="acc_1", continuation="kV3x", max_tokens=800, timeout_ms=2000),
    ]


async def test_every_other_field_beside_a_cursor_is_refused_by_its_name(door: Edge) -> None:
    beside = {"query": "a", "max_results": 5, "topic": "news", "engines": ["exa"], "no_fallback": False, "zzz": 1}
    status, answer = await ask(door, SEARCH, **{"continue": "kV3x", "max_tokens": 800} | beside)
    assert status == 400
    assert {error["field"] for error in answer["errors"]} == beside.keys()


@pytest.mark.parametrize(
    ("sent", "counted", "told"),
    [
        ({"query": "otters"}, ["otters"], "otters"),
        ({"query": ["otters"]}, ["otters"], ["otters"]),
        ({"query": ["otters", "sea otters"]}, ["otters", "sea otters"], ["otters", "sea otters"]),
        ({"query": ["otters", " otters "]}, ["otters"], ["otters"]),
        ({"continue": "kV3x"}, ["otters"], "otters"),
        ({"continue": "kV3x"}, ["otters", "sea otters"], ["otters", "sea otters"]),
    ],
)
async def test_the_query_is_told_in_the_form_in_which_it_was_sent(
    door: Edge, sent: dict[str, Any], counted: list[str], told: str | list[str]
) -> None:
    door.peers.search.found.queries.extend(counted)
    _, answer = await ask(door, SEARCH, **sent)
    assert answer["query"] == told


async def test_every_field_of_what_was_found_is_told(door: Edge) -> None:
    door.peers.search.found = whole_answer()
    status, answer = await ask(door, SEARCH, query="otters", content="full")
    sources = [{"engine": "brave", "rank": 1}, {"engine": "searxng", "rank": 2}]
    passage = {"text": "They hold hands while they sleep.", "start": 412, "end": 445, "score": 0.5}
    nothing = {
        "snippet": "",
        "highlights": [],
        "content": None,
        "continued": False,
        "score": 0.0,
        "published_at": None,
        "author": None,
        "favicon": None,
        "image": None,
        "sources": [],
        "est_tokens": 0,
        "read_error": None,
        "trust": "untrusted",
    }
    assert status == 200
    assert 0 <= answer.pop("took_ms") < 10_000
    assert answer.pop("request_id")
    assert answer == {
        "query": "otters",
        "results": [
            {
                "title": "Otters",
                "url": "https://found.example/otters",
                "snippet": "Otters swim in cold rivers.",
                "highlights": [passage],
                "content": "# Otters",
                "content_start": 0,
                "continued": False,
                "score": 0.9836,
                "published_at": "2026-04-01T12:00:00.123Z",
                "author": "A. Lutra",
                "favicon": "https://found.example/favicon.ico",
                "image": "https://found.example/otter.png",
                "sources": sources,
                "est_tokens": 260,
                "read_error": None,
                "trust": "untrusted",
            },
            nothing
            | {
                "title": "Gone",
                "url": "https://found.example/gone",
                "sources": sources[:1],
                "read_error": {"code": "page_not_found", "message": "there is no such page"},
            },
            nothing | {"title": "Rest", "url": "https://found.example/rest", "continued": True, "content_start": 4096},
        ],
        "images": [
            {
                "url": "https://found.example/large.png",
                "thumbnail_url": "https://found.example/small.png",
                "title": "An otter",
                "page_url": "https://found.example/otters",
                "width": 1024,
                "height": 768,
                "sources": sources,
                "trust": "untrusted",
            },
            {
                "url": "https://found.example/some.png",
                "thumbnail_url": None,
                "title": "",
                "page_url": "",
                "width": None,
                "height": None,
                "sources": [],
                "trust": "untrusted",
            },
        ],
        "truncated": True,
        "available_tokens": 4100,
        "continue": "kV3x1rQm",
        "degraded": True,
        "provider_trace": [
            {"provider": "brave", "status": "ok", "ms": 312, "results": 3, "reason": None},
            {"provider": "exa", "status": "cooling_down", "ms": 0, "results": 0, "reason": "it failed lately"},
        ],
        "cached": True,
        "est_tokens": 610,
    }


async def test_a_search_that_found_nothing_is_an_answer(door: Edge) -> None:
    status, answer = await ask(door, SEARCH, query="otters")
    assert status == 200
    assert {name: value for name, value in answer.items() if name not in {"took_ms", "request_id"}} == {
        "query": "otters",
        "results": [],
        "images": [],
        "truncated": False,
        "available_tokens": 0,
        "continue": None,
        "degraded": False,
        "provider_trace": [],
        "cached": False,
        "est_tokens": 0,
    }


async def test_the_request_id_of_the_caller_is_told(door: Edge) -> None:
    headers = door.headers | {"X-Request-Id": "abc-123"}
    async with door.client.post(SEARCH, json={"query": "otters"}, headers=headers) as response:
        assert (await response.json())["request_id"] == response.headers["X-Request-Id"] == "abc-123"
