"""What the use cases answer, as messages."""

from flexura.errors.v1 import error_pb2
from flexura.search.v1 import search_service_pb2 as pb
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.rpc import error_to_message, fill_timestamp
from flexura_search.domain.findings import EngineStatus, EngineTrace
from flexura_search.domain.fusion import FoundImage, Source
from flexura_search.domain.materials import Reading, ReadMaterial, Result, SearchMaterial, Unread
from flexura_search.domain.packing import Part
from flexura_search.domain.pages import Page, Passage
from flexura_search.domain.queries import Topic
from flexura_search.service.cutting import Answer
from flexura_search.service.federation import Health

STATUSES = {status: pb.EngineStatus.Value(f"ENGINE_STATUS_{status.name}") for status in EngineStatus}
TOPICS = {topic: pb.Topic.Value(f"TOPIC_{topic.name}") for topic in Topic}


def search_response(answer: Answer[SearchMaterial]) -> pb.SearchResponse:
    material = answer.material
    response = pb.SearchResponse(
        continuation=answer.continuation,
        degraded=material.is_degraded,
        is_cached=answer.is_kept,
        est_tokens=answer.tokens,
        queries=material.queries,
        provider_trace=map(trace_to_message, material.traces),
        truncated=answer.cut.rest is not None,
        available_tokens=answer.cut.tokens_left,
    )
    for part in answer.cut.parts:
        if part.entry < len(material.results):
            fill_result(response.results.add(), material.results[part.entry], part)
        else:
            fill_image(response.images.add(), material.images[part.entry - len(material.results)])
    return response


def read_response(answer: Answer[ReadMaterial]) -> pb.ReadPagesResponse:
    response = pb.ReadPagesResponse(
        truncated=answer.cut.rest is not None,
        available_tokens=answer.cut.tokens_left,
        continuation=answer.continuation,
        est_tokens=answer.tokens,
    )
    for part in answer.cut.parts:
        fill_page(response.pages.add(), answer.material.readings[part.entry], part)
    return response


def fill_result(message: pb.SearchResult, result: Result, part: Part) -> None:
    found = result.found
    message.title, message.url, message.snippet = found.title, found.url, found.snippet
    message.author, message.favicon, message.image = found.author, found.favicon, found.image
    message.score = found.score
    if found.published_at is not None:
        fill_timestamp(message.publish_time, found.published_at)
    message.sources.extend(map(source_to_message, found.sources))
    message.est_tokens = part.tokens
    message.is_continued = part.is_continued
    if result.unread is not None:
        message.read_error.CopyFrom(unread_to_message(result.unread, found.url))
    if result.page is not None:
        add_text(message, result.page, part)


def fill_page(message: pb.Page, reading: Reading, part: Part) -> None:
    message.url = reading.url
    message.est_tokens = part.tokens
    message.is_continued = part.is_continued
    if reading.unread is not None:
        message.error.CopyFrom(unread_to_message(reading.unread, reading.url))
    page = reading.page
    if page is None:
        return
    message.final_url, message.content_type = page.final_url, page.content_type
    message.title, message.author, message.site, message.language = page.title, page.author, page.site, page.language
    message.links.extend(page.links[part.tail])
    if page.published_at is not None:
        fill_timestamp(message.publish_time, page.published_at)
    add_text(message, page, part)


def add_text(message: pb.SearchResult | pb.Page, page: Page, part: Part) -> None:
    """Adds the passages and the piece of the text that the part has."""
    message.content = page.text[part.text]
    message.content_start = part.text.start
    message.highlights.extend(map(passage_to_message, page.highlights[part.passages]))


def passage_to_message(passage: Passage) -> pb.Passage:
    return pb.Passage(text=passage.text, start=passage.start, end=passage.end, score=passage.score)


def fill_image(message: pb.ImageResult, found: FoundImage) -> None:
    image = found.image
    message.url, message.thumbnail_url = image.url, image.thumbnail_url
    message.title, message.page_url = image.title, image.page_url
    message.width, message.height = image.width, image.height
    message.sources.extend(map(source_to_message, found.sources))


def source_to_message(source: Source) -> pb.Source:
    return pb.Source(engine=source.engine, rank=source.rank)


def trace_to_message(trace: EngineTrace) -> pb.EngineTrace:
    return pb.EngineTrace(
        engine=trace.engine,
        status=STATUSES[trace.status],
        took_ms=trace.took_ms,
        results=trace.results,
        reason=trace.said,
    )


def unread_to_message(unread: Unread, url: str) -> error_pb2.Error:
    return error_to_message(FlexuraError(Kind(unread.kind), Reason(unread.reason), unread.message, url=url))


def health_to_message(health: Health) -> pb.EngineHealth:
    return pb.EngineHealth(
        engine=health.engine.name,
        last_status=STATUSES[health.status] if health.status else pb.ENGINE_STATUS_UNSPECIFIED,
        reason=health.reason,
        topics=sorted(TOPICS[topic] for topic in health.engine.topics),
        is_fallback=health.engine.is_fallback,
    )
