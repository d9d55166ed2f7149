"""By what a request is known again."""

import json
from dataclasses import dataclass
from datetime import timedelta

IDEMPOTENCY_KEPT = timedelta(hours=24)
BODY_KEPT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """By what a request is known again within its account."""

    scope: str
    value: str
    kept: timedelta
    is_binding: bool
    """The same key is the same job; otherwise it is only noted that the job may be a duplicate."""
    fields_json: str = "{}"
    """A short hash of each field that was sent, by the field's name."""


def differing_fields(first_json: str, second_json: str) -> tuple[str, ...]:
    """Names the fields in which two requests differ, one that only one of them has among them."""
    first, second = json.loads(first_json), json.loads(second_json)
    return tuple(name for name in sorted({*first, *second}) if first.get(name) != second.get(name))
