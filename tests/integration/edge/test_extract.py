"""Reading pages over HTTP: what is handed on to the search service, and how its answers are told."""

from typing import Any

import pytest
from integration.edge.peers import Edge
from integration.edge.search_peers import whole_reading
from integration.edge.test_search import ask

from flexura.search.v1 import search_service_pb2 as pb

EXTRACT = "/api/extract"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"urls": "https://a.example"}, {"urls": ["https://a.example"]}),
        ({"urls": ["https://a.example", "ftp:"]}, {"urls": ["https://a.example", "ftp:"]}),
        ({"urls": "u", "query": "otters"}, {"urls": ["u"], "query": "otters"}),
        ({"urls": "u", "format": "text"}, {"urls": ["u"], "format": pb.TEXT_FORMAT_TEXT}),
        (
            {"urls": "u", "max_tokens": 500, "timeout_ms": 25_000},
            {"urls": ["u"], "max_tokens": 500, "timeout_ms": 25_000},
        ),
        ({"continue": "kV3x"}, {"continuation": "kV3x"}),
        ({"continue": "kV3x", "max_tokens": 800}, {"continuation": "kV3x", "max_tokens": 800}),
        ({"continue": "kV3x", "timeout_ms": 800}, {"continuation": "kV3x", "timeout_ms": 800}),
    ],
)
async def test_each_field_of_an_extract_is_handed_on(
    door: Edge, fields: dict[str, Any], message: dict[str, Any]
) -> None:
    status, _ = await ask(door, EXTRACT, **fields)
    assert status == 200
    assert door.peers.search.readings == [pb.ReadPagesRequest(account_id="acc_1", **message)]


async def test_every_field_of_what_was_read_is_told(door: Edge) -> None:
    door.peers.search.read = whole_reading()
    status, answer = await ask(door, EXTRACT, urls=["https://found.example/otters", "https://found.example/gone"])
    assert status == 200
    assert 0 <= answer.pop("took_ms") < 10_000
    assert answer.pop("request_id")
    assert answer == {
        "pages": [
            {
                "url": "https://found.example/otters",
                "final_url": "https://www.found.example/otters",
                "title": "Otters",
                "author": "A. Lutra",
                "published_at": "2026-04-01T12:00:00.123Z",
                "site": "Found",
                "language": "en",
                "content_type": "text/html",
                "content": "# Otters",
                "content_start": 4096,
                "continued": True,
                "highlights": [{"text": "They hold hands while they sleep.", "start": 412, "end": 445, "score": 0.5}],
                "links": ["https://found.example/rivers"],
                "est_tokens": 260,
                "error": None,
                "trust": "untrusted",
            },
            {
                "url": "https://found.example/gone",
                "final_url": None,
                "title": None,
                "author": None,
                "published_at": None,
                "site": None,
                "language": None,
                "content_type": None,
                "content": None,
                "content_start": 0,
                "continued": False,
                "highlights": [],
                "links": [],
                "est_tokens": 0,
                "error": {"code": "page_not_found", "message": "there is no such page"},
                "trust": "untrusted",
            },
        ],
        "truncated": True,
        "available_tokens": 900,
        "continue": "kV3x1rQm",
        "est_tokens": 480,
    }
