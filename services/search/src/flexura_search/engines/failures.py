"""What an engine answered instead of results: the table of statuses, its own words, and why nothing came."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientPayloadError,
    ClientSSLError,
    InvalidURL,
    ServerDisconnectedError,
)

from flexura_kit.egress import EgressRefusedError
from flexura_search.domain.findings import EngineStatus
from flexura_search.engines.reading import plain

REDIRECTS = range(300, 400)
SUCCESSES = range(200, 300)
QUESTIONS = frozenset({400, 413, 414, 422, 431})  # Are about one question.
WORDS = ("error", "detail", "message", "msg", "info", "title", "code")  # In this order.
STATUSES = {
    400: (EngineStatus.BROKEN, "it did not understand the request"),
    401: (EngineStatus.REFUSED, "it refused the key"),
    402: (EngineStatus.QUOTA_USED, "what is paid for is used up"),
    403: (EngineStatus.REFUSED, "it refused access"),
    404: (EngineStatus.BROKEN, "its address leads to nothing"),
    408: (EngineStatus.TIMED_OUT, "it gave up waiting for the request"),
    413: (EngineStatus.QUERY_TOO_LONG, "it takes no query as long as this one; shorten the query"),
    414: (EngineStatus.QUERY_TOO_LONG, "it takes no query as long as this one; shorten the query"),
    422: (EngineStatus.BROKEN, "it did not accept the request"),
    429: (EngineStatus.LIMITED, "it was asked too often"),
    431: (EngineStatus.QUERY_TOO_LONG, "it takes no query as long as this one; shorten the query"),
    432: (EngineStatus.QUOTA_USED, "the quota of the plan is used up"),
    433: (EngineStatus.QUOTA_USED, "the limit of what may be spent is reached"),
    502: (EngineStatus.UNREACHABLE, "it is not there behind its gateway"),
    503: (EngineStatus.UNREACHABLE, "it is out of service"),
    504: (EngineStatus.TIMED_OUT, "its gateway gave up waiting for it"),
}
WHY = (
    (ClientConnectorDNSError, "its name was not found"),
    (ClientConnectorCertificateError, "its certificate is not valid for its address"),
    (ClientSSLError, "it does not speak TLS as it should"),
    (ClientConnectorError, "nothing takes connections there"),
    (ServerDisconnectedError, "it closed the connection"),
    (ClientPayloadError, "the connection broke in the middle of the answer"),
    (InvalidURL, "its address cannot be read"),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an engine answered."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any
    """The JSON of the text; None where it is none."""

    @property
    def is_page(self) -> bool:
        return self.body is None and self.text.lstrip()[:1] == "<"


@dataclass(frozen=True, slots=True)
class Failure:
    status: EngineStatus
    sentence: str
    retry_after_s: float | None = None
    is_engines: bool = True
    """Whether the engine is to blame, and not the question."""


def failure_of(reply: Reply) -> Failure | None:
    """What the reply means by the table; None where it holds an answer."""
    if reply.status in SUCCESSES:
        return failure_of_body(reply)
    if reply.status in REDIRECTS:
        return Failure(EngineStatus.BROKEN, "it sends to another address, which is not followed")
    unknown = (EngineStatus.BROKEN, f"it answered with HTTP status {reply.status}")
    status, sentence = STATUSES.get(reply.status, unknown)
    return Failure(status, sentence, is_engines=reply.status not in QUESTIONS)


def failure_of_body(reply: Reply) -> Failure | None:
    if reply.is_page:
        # What engines show to callers that they take for robots.
        return Failure(EngineStatus.BLOCKED, "it showed a web page in place of an answer, as to a robot")
    if not isinstance(reply.body, dict):
        return Failure(EngineStatus.BROKEN, "its answer cannot be read")
    return None


def said(reply: Reply) -> str:
    """The engine's own words on what is wrong, from the many shapes that they come in; empty where there are none."""
    if reply.body is None:
        return "" if reply.is_page or reply.status in SUCCESSES else plain(reply.text)
    return words_in(reply.body)


def words_in(value: Any, depth: int = 3) -> str:
    """The first text on the way down: `{"detail": {"error": text}}`, `{"detail": [{"msg": text}]}`."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if not isinstance(value, dict) or not depth:
        return plain(value)
    return next(filter(None, (words_in(value.get(name), depth - 1) for name in WORDS)), "")


def sentence_of(error: Exception) -> str:
    """Says what failed in words of our own: the library's name addresses, and an address may hold a key."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, EgressRefusedError):
        return f"no connection was made: {cause}"
    why = next((words for kind, words in WHY if isinstance(error, kind)), type(error).__name__)
    return f"no answer was received: {why}"
