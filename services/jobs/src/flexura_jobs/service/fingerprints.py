"""What was sent, made comparable: hashes that are equal for requests that say the same."""

import dataclasses
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson

from flexura_jobs.domain.jobs import JobRequest
from flexura_jobs.domain.request_keys import BODY_KEPT, IDEMPOTENCY_KEPT, RequestKey
from flexura_jobs.service.webhook_addresses import canonical_url
from flexura_kit.values import plain

NOT_OF_THE_BODY = {"job_id", "account_id", "media_type", "traceparent", "key_id", "idempotency_key"}
NAMES = {"options_json": "options", "metadata_json": "metadata", "timeout": "timeout_s"}
# Of whatever fields there are, so that one that is added counts without anybody thinking of it here.
SENT = [
    (field.name, NAMES.get(field.name, field.name))
    for field in dataclasses.fields(JobRequest)
    if field.name not in NOT_OF_THE_BODY
]
BODY_SCOPE = "body"  # That of an idempotency key is its media type.
FIELD_HASH_DIGITS = 16
BODY_HASH_DIGITS = 32


def request_key(request: JobRequest) -> RequestKey | None:
    """By what the request is known again; nothing where no user's key is known, as in calls of internal services."""
    if request.media_type is None:
        return None
    media_type = request.media_type.value
    if request.idempotency_key:
        hashes = {name: digits(text, FIELD_HASH_DIGITS) for name, text in sent(request)}
        fields = orjson.dumps(hashes).decode()
        return RequestKey(media_type, request.idempotency_key, IDEMPOTENCY_KEPT, is_binding=True, fields_json=fields)
    if request.key_id:
        said = repr((request.key_id, media_type, list(sent(request))))
        return RequestKey(BODY_SCOPE, digits(said.encode(), BODY_HASH_DIGITS), BODY_KEPT, is_binding=False)
    return None


def sent(request: JobRequest) -> Iterator[tuple[str, bytes]]:
    """The fields that say something; one that was left out and one that is empty mean the same."""
    for field, name in SENT:
        text = canonical(field, getattr(request, field))
        if text not in {b"", b"{}"}:
            yield name, text


def canonical(field: str, value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, timedelta):
        return repr(value.total_seconds()).encode()
    if field == "webhook_url":
        return canonical_url(value).encode()
    if field.endswith("_json") and value:
        try:
            # By value: 1024.0 is 1024, and an option that is null was left out.
            return orjson.dumps(plain(orjson.loads(value)), option=orjson.OPT_SORT_KEYS)
        except orjson.JSONDecodeError:
            pass  # It is refused later on; until then it is what it is.
    return str(value).encode()


def digits(text: bytes, count: int) -> str:
    return hashlib.sha256(text).hexdigest()[:count]
