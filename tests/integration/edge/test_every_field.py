"""Every field of every request with every kind of wrong value: the error says where, what, why and how to mend it.

What the document allows is taken, and what it forbids is not. The services are the real checks behind a real edge.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from integration.edge.peers import Edge
from integration.edge.search_peers import engine
from integration.edge.test_openapi import DOCUMENT
from jsonschema import Draft202012Validator

from flexura_jobs.catalog import OptionsCheck, read_catalog
from flexura_jobs.domain.catalog import Catalog, Deployment
from flexura_jobs.rpc.messages import job_request_of
from flexura_jobs.service import RequestCheck, WebhookAddresses
from flexura_kit.egress import Egress
from flexura_kit.errors import FlexuraError
from flexura_search.domain.queries import Topic
from flexura_search.rpc.requests import asked_of, asked_pages_of
from flexura_search.service.orders import check_pages, order_of

SCHEMAS = DOCUMENT["components"]["schemas"]
MODELS = read_catalog(None)
ADDRESSES = WebhookAddresses(Egress(), takes_http=False)
JOBS = RequestCheck(
    Catalog(MODELS, Deployment(frozenset({"flexura-testcard"}), allows_substitution=True)),
    OptionsCheck(MODELS),
    lambda: 1,
    ADDRESSES.fault,
)
ENGINES = {"exa": frozenset(Topic)}
ROUTES = {
    "/api/generate/image": ("GenerateRequest", {"prompt": "a"}),
    "/api/search": ("SearchRequest", {"query": "a"}),
    "/api/extract": ("ExtractRequest", {"urls": "https://a.example/"}),
    "/api/webhooks": ("WebhookRequest", {"url": "https://a.example/"}),
}
BEYOND = 2**53  # Of times, all that are so long are one.
ANY_TYPE: list[Any] = [True, 7, 7.5, -1, 0, BEYOND, "", " ", "text", "x" * 3000, "5", "true", [], [1], {}, {"a": 1}]
# What the document cannot say: which names there are, days of the calendar, addresses, and how long a model may take.
OF_THE_SERVICES = {
    "model": ["nvidia-flux"],
    "options": [{}],
    "timeout_s": [7, 7.5],
    "webhook_url": ["https://a.example/"],
    "url": ["https://a.example/"],
    "urls": [],
    "start_date": ["2026-04-01"],
    "end_date": ["2026-04-01"],
    "include_domains": [[], ["a.example"], ["*.a.example"]],
    "exclude_domains": [[], ["a.example"]],
    "engines": [[], ["exa"]],
}
WRONG: dict[str, list[Any]] = {
    "start_date": ["2026-02-30", "2026-04-01T00:00:00Z", "20260401", "1 April"],
    "end_date": ["2026-13-01", "2026-4-1"],
    "include_domains": [
        ["https://a.example/x"],
        ["a.example/x"],
        ["a.example:8080"],
        ["me@a.example"],
        ["a.example,b.example"],
        ["a b.example"],
        ["a.*.example"],
        ["-a.example"],
        ["a..example"],
        ["x" * 64 + ".example"],
        ["a.example", None],
        ["a.example", ""],
        ["a.example", ["b.example"]],
    ],
    "exclude_domains": [["a.example?b"], ["*"], ["a_.example#"], [".".join(["a" * 60] * 5)]],
    "query": [["a", " "], ["a"] * 6, "水" * 1500, ["a", "x" * 2001]],
    "country": ["deu", "d1", "de-DE"],
    "language": ["english"],
    "engines": [["bing"], [""], ["exa"] * 21],
    "metadata": [{"a": 1}, {"a": "x" * 501}, {"x" * 41: "a"}, {"": "a"}, {str(n): "a" for n in range(51)}],
    "options": [{"width": 1}, {"widht": 64}, {"widht": None}, {"width": "64"}, {"width": [1]}, {"width": {"a": 1}}],
    "webhook_url": ["http://a.example/", "https://a.example/#b", "https://127.0.0.1/", "https://me@a.example/"],
    "url": ["ftp://a.example/", "https://a b.example/", "a.example"],
    "timeout_s": [0, 0.5, 10**6, "60"],
}
MENDING = re.compile(
    r"such as|takes|must be|leave|send|write|shorten|say what|name the|did you mean|there are|may have|is refused"
    r"|can be used|remove"
)


def judged(door: Edge, path: str, body: dict[str, Any]) -> list[tuple[str, str]]:
    """What the service behind the edge says of the request that it was sent."""
    judges: dict[str, Callable[[], object]] = {
        "/api/generate/image": lambda: JOBS.accept(job_request_of(door.peers.jobs.items.popitem()[1])),
        "/api/search": lambda: order_of(asked_of(door.peers.search.searches[-1]), ENGINES),
        "/api/extract": lambda: check_pages(asked_pages_of(door.peers.search.readings[-1])),
    }
    if path == "/api/webhooks":
        fault = ADDRESSES.fault(body["url"]) if "url" in body and body.get("scope") != "job" else None
        return [] if fault is None else [("url", f"url {fault}")]
    try:
        judges[path]()
    except FlexuraError as error:
        return [(violation.field, violation.message) for violation in error.violations]
    return []


def cases() -> Iterator[tuple[str, str]]:
    for path, (schema, _) in ROUTES.items():
        yield from ((path, name) for name in SCHEMAS[schema]["properties"] if name != "continue")


@pytest.mark.parametrize(("path", "name"), list(cases()))
async def test_a_wrong_value_is_named_with_its_place_and_reason(door: Edge, path: str, name: str) -> None:
    door.peers.search.engines = [engine("exa")]
    schema, right = ROUTES[path]
    described = SCHEMAS[schema]["properties"][name]
    allowed = Draft202012Validator(described)
    known = OF_THE_SERVICES.get(name)
    for value in [*ANY_TYPE, *WRONG.get(name, []), *(known or []), *described.get("enum", [])]:
        body = right | {name: value}
        async with door.client.post(path, json=body, headers=door.headers) as response:
            answer = await response.json()
        if response.status == 400:
            faults = [(error["field"], error["message"]) for error in answer["errors"]]
        else:
            assert response.status < 300, answer
            faults = judged(door, path, body)
        is_right = value in known if known is not None else allowed.is_valid(value)
        if name == "urls":
            # What is wrong with one address is that page's outcome.
            is_right = allowed.is_valid(value)
        if any(isinstance(text, str) and not text.strip() for text in (value if isinstance(value, list) else [value])):
            is_right = False
        if isinstance(value, str) and (path, name) == ("/api/search", "query"):
            is_right = is_right and len(value.encode()) <= 2000
        assert bool(faults) != is_right, (value, faults)
        for place, message in faults:
            assert place.split(".")[0].split("[")[0] == name, (value, place, message)
            assert_says_enough(name, value, message)


def assert_says_enough(name: str, value: Any, message: str) -> None:
    assert MENDING.search(message), (value, message)
    assert name in message or (isinstance(value, dict) and any(inner in message for inner in value)), message
    assert len(message) < 400, message
    for odd in ("None", "True", "False", "Traceback", "<class", "dict", "NoneType"):
        assert not re.search(rf"\b{odd}\b", message), (value, message)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value != BEYOND:
        assert json.dumps(value) in message.replace(",", "") or f"{value:g}" in message, (value, message)


async def test_empty_and_null_are_read_by_one_rule(door: Edge) -> None:
    """A null says that a field was left out; an empty text says nothing, and a program sends it by mistake."""
    door.peers.search.engines = [engine("exa")]
    for path, name in cases():
        schema, right = ROUTES[path]
        if name in right:
            continue
        async with door.client.post(path, json=right | {name: None}, headers=door.headers) as response:
            assert response.status < 300, (path, name)
        if SCHEMAS[schema]["properties"][name].get("type") == "string":
            async with door.client.post(path, json=right | {name: ""}, headers=door.headers) as response:
                answer = await response.json()
            assert (path, name, response.status, answer["errors"][0]["field"]) == (path, name, 400, name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-04-01", "it has no offset; end it with Z"),
        ("2026-04-01T12:00:00", "it has no offset"),
        ("1969-12-31T23:59:59Z", "it is before 1970"),
        ("9999-01-01T00:00:00Z", "it is after 9998"),
        ("2026-02-30T00:00:00Z", "it is no time of the calendar"),
        ("yesterday", "in the form of RFC 3339"),
        ("1775001600", "in the form of RFC 3339"),
        ("2026-04-01T25:00:00Z", "it is no time of the calendar"),
    ],
)
async def test_a_wrong_time_is_told_why(door: Edge, text: str, why: str) -> None:
    async with door.client.get("/api/jobs", params={"created_after": text}, headers=door.headers) as response:
        answer = await response.json()
    assert (response.status, answer["errors"][0]["field"]) == (400, "created_after")
    assert f'such as 2026-04-01T00:00:00Z, not "{text}": ' in answer["error"]
    assert why in answer["error"]
