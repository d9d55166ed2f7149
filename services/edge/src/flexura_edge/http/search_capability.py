"""What the catalog says of search: which engines there are, how they are, and what a request may hold."""

from collections.abc import Sequence
from typing import Any

from flexura.search.v1 import search_service_pb2 as pb
from flexura_edge.http.openapi import document
from flexura_edge.http.search_json import status_word
from flexura_edge.http.search_request import TOPICS

# Also an engine that nobody asked yet is no failure.
WELL = frozenset({pb.ENGINE_STATUS_UNSPECIFIED, pb.ENGINE_STATUS_OK, pb.ENGINE_STATUS_EMPTY})
TOPIC_WORDS = {number: word for word, number in TOPICS.items()}


def search_capability(engines: Sequence[pb.EngineHealth], public_url: str) -> dict[str, Any]:
    return {
        "endpoint_url": f"{public_url}/api/search",
        "method": "POST",
        "description": "Search the internet with AI-optimized results",
        **status_of(engines),
        "engines": list(map(engine_json, engines)),
        "extract_url": f"{public_url}/api/extract",
        # Ready to be shown to a language model as a tool.
        "input_schema": document()["components"]["schemas"]["SearchRequest"],
    }


def status_of(engines: Sequence[pb.EngineHealth]) -> dict[str, str]:
    if not engines:
        reason = "no search engine is set up or reachable"
        return {"status": "offline", "code": "search_unavailable", "reason": reason}
    if not any(engine.last_status in WELL for engine in engines):
        return {"status": "degraded", "reason": "each engine failed the last time it was asked"}
    return {"status": "active"}


def engine_json(engine: pb.EngineHealth) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": engine.engine,
        "status": status_word(engine.last_status) if engine.last_status else "unknown",
        "topics": [TOPIC_WORDS[topic] for topic in engine.topics if topic in TOPIC_WORDS],
        "fallback": engine.is_fallback,
    }
    if engine.reason:
        fields["reason"] = engine.reason
    return fields
