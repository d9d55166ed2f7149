"""Searches and extracts that fail: what is told, whether to ask again, and how long is waited."""

import asyncio
import time

import pytest
from integration.edge.peers import Edge
from integration.edge.test_search import ask

from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason

SEARCH, EXTRACT = "/api/search", "/api/extract"
ASKED = {SEARCH: {"query": "otters"}, EXTRACT: {"urls": "https://a.example"}}
BUDGET_S = 30.0


@pytest.mark.parametrize("path", ASKED)
async def test_what_search_finds_wrong_is_passed_on_as_it_is(door: Edge, path: str) -> None:
    violations = [
        FieldViolation("include_domains[3]", "`include_domains[3]` must be a domain"),
        FieldViolation("a", "b"),
    ]
    door.peers.search.refusal = FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, "both are wrong", violations)
    status, answer = await ask(door, path, **ASKED[path])
    assert (status, answer["code"], answer["error"], answer["retryable"]) == (
        400,
        "invalid_request",
        "both are wrong",
        False,
    )
    assert answer["errors"] == [
        {"field": "include_domains[3]", "message": "`include_domains[3]` must be a domain"},
        {"field": "a", "message": "b"},
    ]


@pytest.mark.parametrize("path", ASKED)
async def test_a_cursor_whose_rest_is_no_longer_kept_is_gone(door: Edge, path: str) -> None:
    door.peers.search.refusal = FlexuraError(Kind.REFUSED, Reason.CONTINUATION_EXPIRED, "it is no longer kept")
    status, answer = await ask(door, path, **{"continue": "kV3x"})
    assert (status, answer["code"], answer["retryable"]) == (410, "continuation_expired", False)
    assert answer["next_actions"] == ["Send the first request again, without `continue`."]


@pytest.mark.parametrize("path", ASKED)
async def test_searches_beyond_the_accounts_limit_are_told_when_to_come_back(door: Edge, path: str) -> None:
    door.peers.search.refusal = FlexuraError(
        Kind.LIMITED, Reason.SEARCH_LIMIT, "as many as there may be", limit="16", retry_after_ms="2500"
    )
    status, answer = await ask(door, path, **ASKED[path])
    assert (status, answer["code"], answer["retry_after_ms"]) == (429, "search_limit", 2500)
    assert "16" in answer["next_actions"][1]


async def test_without_an_engine_a_search_says_so_and_is_not_to_be_sent_again(door: Edge) -> None:
    status, answer = await ask(door, SEARCH, query="otters")
    assert (status, answer["code"], answer["retryable"]) == (503, "search_unavailable", False)
    assert "GET /api/agent/models" in answer["next_actions"][0]


async def test_where_every_engine_failed_a_search_is_to_be_sent_again(door: Edge) -> None:
    door.peers.search.refusal = FlexuraError(
        Kind.BUSY, Reason.SEARCH_UNAVAILABLE, "brave: timed out; exa: refused", engines="brave, exa"
    )
    status, answer = await ask(door, SEARCH, query="otters")
    assert (status, answer["code"], answer["retry_after_ms"]) == (503, "search_unavailable", 1000)
    assert answer["error"] == "brave: timed out; exa: refused"
    assert answer["next_actions"][0].startswith("brave, exa failed: wait")


@pytest.mark.parametrize("path", ASKED)
async def test_a_search_service_that_is_away_is_told_as_such(door: Edge, path: str) -> None:
    await door.peers.stop("search")
    status, answer = await ask(door, path, **ASKED[path])
    assert (status, answer["code"], answer["retryable"]) == (503, "service_unavailable", True)


@pytest.mark.parametrize("path", ASKED)
async def test_search_is_given_the_routes_time_or_what_is_a_little_more_than_was_asked_for(
    door: Edge, path: str
) -> None:
    await ask(door, path, **ASKED[path])
    await ask(door, path, **ASKED[path], timeout_ms=5000)
    await ask(door, path, **ASKED[path], timeout_ms=25_000)
    unasked, short, long = door.peers.search.allowed_s
    assert BUDGET_S - 5 < unasked < BUDGET_S
    assert 6 < short < 8
    assert 26 < long < BUDGET_S


@pytest.mark.parametrize("path", ASKED)
async def test_a_search_service_that_hangs_is_not_waited_for(door: Edge, path: str) -> None:
    door.peers.search.gate = asyncio.Event()
    began = time.monotonic()
    status, answer = await ask(door, path, **ASKED[path], timeout_ms=500)
    assert time.monotonic() - began < 5
    assert (status, answer["code"], answer["retryable"]) == (504, "deadline_exceeded", True)
    door.peers.search.gate.set()
