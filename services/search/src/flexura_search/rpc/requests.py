"""Requests, as the use cases take them."""

from collections.abc import Mapping
from typing import TypeVar

from flexura.search.v1 import search_service_pb2 as pb
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_search.domain.queries import Asked, AskedPages, Content, TextFormat, TimeRange, Topic

T = TypeVar("T")

TOPICS: dict[int, Topic] = {pb.TOPIC_UNSPECIFIED: Topic.GENERAL}
TOPICS |= {pb.Topic.Value(f"TOPIC_{topic.name}"): topic for topic in Topic}
TIME_RANGES: dict[int, TimeRange | None] = {pb.TIME_RANGE_UNSPECIFIED: None}
TIME_RANGES |= {pb.TimeRange.Value(f"TIME_RANGE_{time_range.name}"): time_range for time_range in TimeRange}
CONTENTS: dict[int, Content] = {pb.CONTENT_UNSPECIFIED: Content.HIGHLIGHTS}
CONTENTS |= {pb.Content.Value(f"CONTENT_{content.name}"): content for content in Content}
FORMATS: dict[int, TextFormat] = {pb.TEXT_FORMAT_UNSPECIFIED: TextFormat.MARKDOWN}
FORMATS |= {pb.TextFormat.Value(f"TEXT_FORMAT_{text_format.name}"): text_format for text_format in TextFormat}


def asked_of(request: pb.SearchRequest) -> Asked:
    if request.continuation:
        return Asked(
            account_id=request.account_id,
            tokens_max=request.max_tokens,
            timeout_ms=request.timeout_ms,
            continuation=request.continuation,
        )
    return Asked(
        account_id=request.account_id,
        queries=(request.query, *request.further_queries),
        results_max=request.max_results,
        topic=known("topic", request.topic, TOPICS),
        time_range=known("time_range", request.time_range, TIME_RANGES),
        start_date=request.start_date,
        end_date=request.end_date,
        country=request.country,
        language=request.language,
        include_domains=tuple(request.include_domains),
        exclude_domains=tuple(request.exclude_domains),
        content=known("content", request.content, CONTENTS),
        format=known("format", request.format, FORMATS),
        tokens_max=request.max_tokens,
        engines=tuple(request.engines),
        allows_fallback=not request.no_fallback,
        timeout_ms=request.timeout_ms,
        is_fresh=request.is_fresh,
    )


def asked_pages_of(request: pb.ReadPagesRequest) -> AskedPages:
    return AskedPages(
        account_id=request.account_id,
        urls=tuple(request.urls),
        query=request.query,
        format=known("format", request.format, FORMATS),
        tokens_max=request.max_tokens,
        timeout_ms=request.timeout_ms,
        continuation=request.continuation,
    )


def known(field: str, number: int, values: Mapping[int, T]) -> T:
    """What the number stands for; raises INVALID_REQUEST for one of a newer client."""
    if number not in values:
        message = f"`{field}` has the unknown value {number}; leave it out for the default"
        raise FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, [FieldViolation(field, message)])
    return values[number]
