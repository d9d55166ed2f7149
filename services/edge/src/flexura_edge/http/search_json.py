"""What searches and extracts find, as JSON."""

from typing import Any

from flexura.errors.v1 import error_pb2
from flexura.search.v1 import search_service_pb2 as pb
from flexura_edge.http.job_json import time_json
from flexura_kit.rpc import reason_from_proto

# Whoever hands it to a model should know: none of it is the user's word.
UNTRUSTED = "untrusted"
SCORE_DIGITS = 4  # More say nothing, and cost whoever reads them.


def search_json(found: pb.SearchResponse, *, is_list: bool) -> dict[str, Any]:
    """The queries in the form in which they were sent, as a list or not, and in the words that search counted."""
    queries = list(found.queries)
    return {
        "query": queries if is_list or len(queries) > 1 else "".join(queries),
        "results": list(map(result_json, found.results)),
        "images": list(map(image_json, found.images)),
        **left_out_json(found),
        "degraded": found.degraded,
        "provider_trace": list(map(trace_json, found.provider_trace)),
        "cached": found.is_cached,
        "est_tokens": found.est_tokens,
    }


def pages_json(read: pb.ReadPagesResponse) -> dict[str, Any]:
    return {"pages": list(map(page_json, read.pages)), **left_out_json(read), "est_tokens": read.est_tokens}


def left_out_json(answer: pb.SearchResponse | pb.ReadPagesResponse) -> dict[str, Any]:
    return {
        "truncated": answer.truncated,
        "available_tokens": answer.available_tokens,
        "continue": answer.continuation or None,
    }


def result_json(result: pb.SearchResult) -> dict[str, Any]:
    place = {"content_start": result.content_start} if result.content or result.is_continued else {}
    return {
        "title": result.title,
        "url": result.url,
        "snippet": result.snippet,
        "highlights": list(map(passage_json, result.highlights)),
        "content": result.content or None,
        **place,
        "continued": result.is_continued,
        "score": round(result.score, SCORE_DIGITS),
        "published_at": published_at(result),
        "author": result.author or None,
        "favicon": result.favicon or None,
        "image": result.image or None,
        "sources": list(map(source_json, result.sources)),
        "est_tokens": result.est_tokens,
        "read_error": error_json(result.read_error) if result.HasField("read_error") else None,
        "trust": UNTRUSTED,
    }


def page_json(page: pb.Page) -> dict[str, Any]:
    return {
        "url": page.url,
        "final_url": page.final_url or None,
        "title": page.title or None,
        "author": page.author or None,
        "published_at": published_at(page),
        "site": page.site or None,
        "language": page.language or None,
        "content_type": page.content_type or None,
        "content": page.content or None,
        "content_start": page.content_start,
        "continued": page.is_continued,
        "highlights": list(map(passage_json, page.highlights)),
        "links": list(page.links),
        "est_tokens": page.est_tokens,
        "error": error_json(page.error) if page.HasField("error") else None,
        "trust": UNTRUSTED,
    }


def image_json(image: pb.ImageResult) -> dict[str, Any]:
    return {
        "url": image.url,
        "thumbnail_url": image.thumbnail_url or None,
        "title": image.title,
        "page_url": image.page_url,
        "width": image.width or None,
        "height": image.height or None,
        "sources": list(map(source_json, image.sources)),
        "trust": UNTRUSTED,
    }


def passage_json(passage: pb.Passage) -> dict[str, Any]:
    score = round(passage.score, SCORE_DIGITS)
    return {"text": passage.text, "start": passage.start, "end": passage.end, "score": score}


def source_json(source: pb.Source) -> dict[str, Any]:
    return {"engine": source.engine, "rank": source.rank}


def trace_json(trace: pb.EngineTrace) -> dict[str, Any]:
    return {
        "provider": trace.engine,
        "status": status_word(trace.status),
        "ms": trace.took_ms,
        "results": trace.results,
        "reason": trace.reason or None,
    }


def status_word(status: pb.EngineStatus.ValueType) -> str:
    """`ok`, `timed_out`, ...; `unspecified` for one that a newer service knows and we do not."""
    known = pb.EngineStatus.values()
    return pb.EngineStatus.Name(status if status in known else known[0]).removeprefix("ENGINE_STATUS_").lower()


def error_json(error: error_pb2.Error) -> dict[str, Any]:
    return {"code": str(reason_from_proto(error.reason)), "message": error.message}


def published_at(page: pb.SearchResult | pb.Page) -> str | None:
    return time_json(page.publish_time) if page.HasField("publish_time") else None
