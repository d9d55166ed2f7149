"""The key by which a submit is known again, and the answer to one that was accepted."""

import re
from typing import Any

import orjson
from aiohttp import web

from flexura.jobs.v1 import jobs_service_pb2
from flexura_edge.http.body import shown
from flexura_edge.http.exchange import IDEMPOTENCY_KEY, Exchange
from flexura_edge.http.job_json import poll_after_ms
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason

VISIBLE = re.compile(r"[!-~]{1,255}")
QUOTED = re.compile(r'"(?:[^"\\]|\\["\\])*"')
ESCAPE = re.compile(r"\\(.)")


def idempotency_key(request: web.BaseRequest) -> str:
    """The caller's key, or nothing; refuses one that might not arrive everywhere as it was sent."""
    given = request.headers.getall(IDEMPOTENCY_KEY, [])
    if not given:
        return ""
    if len(given) > 1:
        raise invalid_key(f"`{IDEMPOTENCY_KEY}` is sent {len(given)} times; send it once")
    key = unquoted(given[0].strip(" \t"))
    if key is None:
        raise invalid_key(
            f"`{IDEMPOTENCY_KEY}` begins with a quote and is not one string in quotes with nothing behind it: write "
            f'`{IDEMPOTENCY_KEY}: "order-7"`, with \\" for a quote and \\\\ for a backslash; or write the '
            f"key without quotes. It was {shown(given[0].encode(errors='replace').decode())}"
        )
    if not VISIBLE.fullmatch(key):
        raise invalid_key(
            f"`{IDEMPOTENCY_KEY}` takes 1 to 255 visible ASCII characters without spaces, such as a UUID, "
            f"not {shown(given[0].encode(errors='replace').decode())}"
        )
    return key


def unquoted(text: str) -> str | None:
    """A key in quotes, as a string of RFC 9651, is the key within them: the draft of the header writes it so.

    None for what begins with a quote and is not one such string: its parameters and a second key could mean anything.
    """
    if not text.startswith('"'):
        return text
    return ESCAPE.sub(r"\1", text[1:-1]) if QUOTED.fullmatch(text) else None


def invalid_key(message: str) -> FlexuraError:
    return FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, [FieldViolation(IDEMPOTENCY_KEY, message)])


def accepted(exchange: Exchange, created: jobs_service_pb2.JobResult, public_url: str) -> web.Response:
    """Says nothing that changes in a job's life, so that a replay is the same to the byte."""
    job = created.job
    body: dict[str, Any] = {"job_id": job.job_id, "status": "queued"}
    if job.probable_duplicate_of:
        body["probable_duplicate_of"] = job.probable_duplicate_of
    response = exchange.json(orjson.dumps(body), status=202)
    # Whole: a path alone would lose the one that a proxy serves this API under.
    response.headers["Location"] = f"{public_url}/api/jobs/{job.job_id}"
    response.headers["Retry-After"] = str(-(-poll_after_ms(job.eta_ms) // 1000))
    response.headers.update(replay_headers(created))
    return response


def replay_headers(created: jobs_service_pb2.JobResult) -> dict[str, str]:
    return {"Idempotency-Replayed": "true"} if created.replayed else {}
