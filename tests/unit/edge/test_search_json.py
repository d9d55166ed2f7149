"""Answers of searches as JSON: what surrounds the texts costs no more than the search service allows for."""

import base64
import hashlib
from typing import Any

import orjson
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from rs_bpe.bpe import openai

from flexura.errors.v1 import error_pb2, error_reason_pb2
from flexura.search.v1 import search_service_pb2 as pb
from flexura_edge.http.search_json import page_json, passage_json, result_json, search_json, trace_json

# As the accounting of the search service has them; a budget holds only while these do.
HEAD_TOKENS = 170
PASSAGE_TOKENS = 40
ENVELOPE_TOKENS = 180
ENGINE_TOKENS = 40

ENCODINGS = (openai.cl100k_base(), openai.o200k_base())
DIGEST = hashlib.sha512(b"as wild as a cursor is").digest()
REQUEST_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"  # As callers choose them; our own are shorter.
CURSOR = base64.urlsafe_b64encode(
    DIGEST[:16] + b'["' + DIGEST[:20].hex().encode() + b'",49,true,1999,1999999]'
).decode()
NOON = Timestamp(seconds=1_775_044_800, nanos=123_456_789)
PLACE: dict[str, Any] = {"publish_time": NOON, "est_tokens": 199_999, "is_continued": True, "content_start": 1_999_999}
LATE = error_pb2.Error(reason=error_reason_pb2.ERROR_REASON_DEADLINE_EXCEEDED)


def tokens(fields: dict[str, Any]) -> int:
    text = orjson.dumps(fields).decode()
    return max(len(encoding.encode(text)) for encoding in ENCODINGS)


def test_the_largest_head_of_a_result_costs_what_is_allowed_for() -> None:
    names = ("searxng", "brave", "tavily", "exa", "wikipedia", "ddgs")
    sources = [pb.Source(engine=name, rank=49) for name in names]
    result = pb.SearchResult(score=0.983606557377049, sources=sources, read_error=LATE, content="x", **PLACE)
    assert tokens(result_json(result)) <= HEAD_TOKENS


def test_the_largest_head_of_a_page_costs_what_is_allowed_for() -> None:
    assert tokens(page_json(pb.Page(language="de", error=LATE, content="x", **PLACE))) <= HEAD_TOKENS


def test_a_highlight_costs_what_is_allowed_for() -> None:
    passage = pb.Passage(start=1_999_000, end=1_999_999, score=0.333333333333333)
    assert tokens(passage_json(passage)) <= PASSAGE_TOKENS


@pytest.mark.parametrize("status", pb.EngineStatus.values())
def test_an_engine_costs_what_is_allowed_for(status: pb.EngineStatus) -> None:
    assert tokens(trace_json(pb.EngineTrace(status=status, took_ms=25_000, results=100))) <= ENGINE_TOKENS


def test_what_surrounds_results_costs_what_is_allowed_for() -> None:
    found = pb.SearchResponse(
        queries=["x"], truncated=True, available_tokens=999_999, continuation=CURSOR, degraded=True, est_tokens=199_999
    )
    told = {"took_ms": 25_000, "request_id": REQUEST_ID}
    assert tokens(search_json(found, is_list=True) | told) <= ENVELOPE_TOKENS


def test_an_engine_status_that_is_not_known_here_is_told_as_such() -> None:
    assert trace_json(pb.EngineTrace(status=99))["status"] == "unspecified"


def test_a_reason_that_is_not_known_here_is_told_as_internal() -> None:
    result = result_json(pb.SearchResult(read_error=error_pb2.Error(reason=9999, message="what it is")))
    assert result["read_error"] == {"code": "internal", "message": "what it is"}
