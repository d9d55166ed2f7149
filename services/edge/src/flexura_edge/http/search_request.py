"""Bodies of searches and extracts, as messages; what fields may say beyond their types is the service's to judge."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from flexura.search.v1 import search_service_pb2 as pb
from flexura_edge.http.fields import Fields

T = TypeVar("T")

SEARCH_FIELDS = (
    "query",
    "max_results",
    "topic",
    "time_range",
    "start_date",
    "end_date",
    "country",
    "language",
    "include_domains",
    "exclude_domains",
    "content",
    "format",
    "max_tokens",
    "engines",
    "no_fallback",
    "timeout_ms",
    "cache",
    "continue",
)
EXTRACT_FIELDS = ("urls", "query", "format", "max_tokens", "timeout_ms", "continue")
BESIDE_CONTINUE = ("continue", "max_tokens", "timeout_ms")

# In the messages 0 means that nothing was said, so what must not be taken for that is refused here.
RESULTS = (1, 50)
TOKENS = (500, 1_000_000)
TIMEOUT_MS = (500, 25_000)


def words(numbers: Iterable[tuple[str, T]], prefix: str) -> dict[str, T]:
    """The names of an enumeration as JSON says them, but for the one that says nothing."""
    return {name.removeprefix(prefix).lower(): number for name, number in numbers if number}


TOPICS = words(pb.Topic.items(), "TOPIC_")
TIME_RANGES = words(pb.TimeRange.items(), "TIME_RANGE_")
CONTENTS = words(pb.Content.items(), "CONTENT_")
FORMATS = words(pb.TextFormat.items(), "TEXT_FORMAT_")
CACHES = {"default": False, "fresh": True}


def search_request(values: dict[str, Any], account_id: str) -> pb.SearchRequest:
    fields = Fields(values, SEARCH_FIELDS)
    if fields.is_given("continue"):
        request = pb.SearchRequest(account_id=account_id, **continued(fields, SEARCH_FIELDS))
    else:
        query, *further = fields.one_or_more("query", "say what to look for") or [""]
        request = pb.SearchRequest(
            account_id=account_id,
            query=query,
            further_queries=further,
            max_results=fields.whole("max_results", *RESULTS),
            topic=fields.choice("topic", TOPICS, pb.TOPIC_UNSPECIFIED),
            time_range=fields.choice("time_range", TIME_RANGES, pb.TIME_RANGE_UNSPECIFIED),
            start_date=fields.text("start_date"),
            end_date=fields.text("end_date"),
            country=fields.text("country"),
            language=fields.text("language"),
            include_domains=fields.texts("include_domains"),
            exclude_domains=fields.texts("exclude_domains"),
            content=fields.choice("content", CONTENTS, pb.CONTENT_UNSPECIFIED),
            format=fields.choice("format", FORMATS, pb.TEXT_FORMAT_UNSPECIFIED),
            engines=fields.texts("engines"),
            no_fallback=fields.optional("no_fallback", bool, absent=False),
            is_fresh=fields.choice("cache", CACHES, absent=False),
            **limits(fields),
        )
    fields.check()
    return request


def read_request(values: dict[str, Any], account_id: str) -> pb.ReadPagesRequest:
    fields = Fields(values, EXTRACT_FIELDS)
    if fields.is_given("continue"):
        request = pb.ReadPagesRequest(account_id=account_id, **continued(fields, EXTRACT_FIELDS))
    else:
        request = pb.ReadPagesRequest(
            account_id=account_id,
            urls=fields.one_or_more("urls", "name the pages to read"),
            query=fields.text("query"),
            format=fields.choice("format", FORMATS, pb.TEXT_FORMAT_UNSPECIFIED),
            **limits(fields),
        )
    fields.check()
    return request


def continued(fields: Fields, known: Sequence[str]) -> dict[str, Any]:
    """What goes on where an answer was cut off has been asked already."""
    for name in known:
        if name not in BESIDE_CONTINUE and fields.is_given(name):
            fields.refuse(name, f"`{name}` was said with the first request; leave it out beside `continue`")
    return {"continuation": fields.text("continue"), **limits(fields)}


def limits(fields: Fields) -> dict[str, Any]:
    return {
        "max_tokens": fields.whole("max_tokens", *TOKENS),
        "timeout_ms": fields.whole("timeout_ms", *TIMEOUT_MS),
    }
