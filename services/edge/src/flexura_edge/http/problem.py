"""How an error looks in HTTP: RFC 9457 problem+json, with what to do next."""

import json
import math
from typing import Any

import orjson
from aiohttp import web

from flexura_edge.http.advice import ADVICE, NO_ADVICE
from flexura_edge.http.exchange import Exchange
from flexura_kit.errors import FlexuraError, Kind, Reason

STATUS_OF_KIND = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.DENIED: 403,
    Kind.NOT_FOUND: 404,
    Kind.EXISTS: 409,
    Kind.REFUSED: 409,
    Kind.LIMITED: 429,
    Kind.BUSY: 503,
    Kind.TIMED_OUT: 504,
    Kind.INTERNAL: 500,
}

# What HTTP itself has a status for.
STATUS_OF_REASON = {
    Reason.METHOD_NOT_ALLOWED: 405,
    Reason.BODY_TIMEOUT: 408,
    Reason.CONTINUATION_EXPIRED: 410,
    Reason.CURSOR_EXPIRED: 410,
    Reason.ASSET_LOST: 410,
    Reason.JOB_DELETED: 410,
    Reason.JOB_EXPIRED: 410,
    Reason.PRECONDITION_FAILED: 412,
    Reason.BODY_TOO_LARGE: 413,
    Reason.URI_TOO_LONG: 414,
    Reason.UNSUPPORTED_MEDIA_TYPE: 415,
    Reason.UNSUPPORTED_ENCODING: 415,
    Reason.RANGE_NOT_SATISFIABLE: 416,
    Reason.EXPECTATION_FAILED: 417,
    Reason.IDEMPOTENCY_KEY_REUSED: 422,
    Reason.HEADERS_TOO_LARGE: 431,
    Reason.NOT_IMPLEMENTED: 501,
    Reason.HTTP_VERSION_UNSUPPORTED: 505,
}

# What is left of the message is not worth reading, or nobody knows where it ends.
ENDS_CONNECTION = frozenset(
    {
        Reason.BODY_TOO_LARGE,
        Reason.BODY_TIMEOUT,
        Reason.BAD_REQUEST,
        Reason.EXPECTATION_FAILED,
        Reason.NOT_IMPLEMENTED,
        Reason.HTTP_VERSION_UNSUPPORTED,
    }
)

RETRY_AFTER_MS = 1000
HIDDEN = FlexuraError(
    Kind.INTERNAL, Reason.INTERNAL, "something went wrong on our side; it is noted under this request_id"
)


def problem(exchange: Exchange, error: FlexuraError) -> web.Response:
    """Answers an error; it is the only place that makes an error status."""
    status = status_of(error)
    if error.kind is Kind.INTERNAL:
        error = HIDDEN
    retry_after_ms = retry_after_ms_of(error, is_repeatable=exchange.is_repeatable())
    advice = ADVICE.get(error.reason, NO_ADVICE)
    body = {
        "type": f"urn:flexura:error:{error.reason}",
        "title": advice.title,
        "status": status,
        "detail": error.message,
        "instance": exchange.request.raw_path.partition("?")[0][:200],
        "error": error.message,
        "code": str(error.reason),
        "retryable": retry_after_ms is not None,
        "retry_after_ms": retry_after_ms,
        "errors": [{"field": violation.field, "message": violation.message} for violation in error.violations],
        "next_actions": advice.next_actions(error.metadata),
        "request_id": exchange.request_id,
    }
    headers = exchange.headers("application/problem+json")
    headers["Cache-Control"] = "no-store"
    headers.update(headers_of(error, retry_after_ms))
    response = web.Response(body=written(body), status=status, headers=headers)
    if error.reason in ENDS_CONNECTION:
        response.force_close()
    return response


def written(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:
        # Something that the client sent is repeated here and is no text.
        return json.dumps(body, ensure_ascii=False).encode(errors="replace")


def status_of(error: FlexuraError) -> int:
    return STATUS_OF_REASON.get(error.reason, STATUS_OF_KIND[error.kind])


# Somebody must set it up first; sending the same again and again mends nothing.
NOT_SET_UP = frozenset({Reason.MODEL_UNAVAILABLE, Reason.WEBHOOKS_UNAVAILABLE})


def retry_after_ms_of(error: FlexuraError, *, is_repeatable: bool) -> int | None:
    """When to send the same request again; None for not at all."""
    if is_not_set_up(error):
        return None
    retryable = error.kind in {Kind.LIMITED, Kind.BUSY} or (error.kind is Kind.TIMED_OUT and is_repeatable)
    if not retryable:
        return None
    given = error.metadata.get("retry_after_ms", "")
    return int(given) if given.isdecimal() else RETRY_AFTER_MS


def is_not_set_up(error: FlexuraError) -> bool:
    if error.reason is Reason.SEARCH_UNAVAILABLE:
        # Engines that are there and failed may answer the next time.
        return not error.metadata.get("engines")
    return error.reason in NOT_SET_UP


def headers_of(error: FlexuraError, retry_after_ms: int | None) -> dict[str, str]:
    headers = {}
    if retry_after_ms is not None:
        headers["Retry-After"] = str(math.ceil(retry_after_ms / 1000))
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if error.reason is Reason.METHOD_NOT_ALLOWED:
        headers["Allow"] = f"{error.metadata['allowed']}, OPTIONS"
    if error.reason is Reason.RANGE_NOT_SATISFIABLE:
        headers["Content-Range"] = f"bytes */{error.metadata['size_bytes']}"
    return headers
