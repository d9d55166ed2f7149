"""What ties the log lines of one request together: its id and its W3C trace context."""

import re
import secrets
from collections.abc import Iterable

from structlog.contextvars import get_contextvars

REQUEST_ID = "x-request-id"
TRACEPARENT = "traceparent"

REQUEST_ID_FORM = re.compile(r"[A-Za-z0-9._:-]{1,64}")
TRACEPARENT_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def new_request_id() -> str:
    return secrets.token_hex(12)


def new_traceparent() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def is_request_id(text: str) -> bool:
    return REQUEST_ID_FORM.fullmatch(text) is not None


def is_traceparent(text: str) -> bool:
    return TRACEPARENT_FORM.fullmatch(text) is not None


def trace_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> dict[str, str]:
    """Reads both from a call's metadata, made anew where they are missing or malformed."""
    given = {key: value for key, value in metadata or () if isinstance(value, str)}
    request_id, traceparent = given.get(REQUEST_ID, ""), given.get(TRACEPARENT, "")
    trace = {"request_id": request_id if is_request_id(request_id) else new_request_id()}
    return trace | {"traceparent": traceparent} if is_traceparent(traceparent) else trace


def outgoing_trace() -> list[tuple[str, str]]:
    """Writes what the log context holds of both as metadata of an outgoing call."""
    context = get_contextvars()
    pairs = ((REQUEST_ID, context.get("request_id")), (TRACEPARENT, context.get("traceparent")))
    return [(key, value) for key, value in pairs if isinstance(value, str)]
