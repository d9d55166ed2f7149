"""Pages of webhooks and deliveries: how long they are, and how a place in them is written."""

import re
from datetime import UTC, datetime, timedelta

from flexura_jobs.domain.webhooks import DeliveryPlace
from flexura_jobs.service.requests import invalid_request
from flexura_kit.errors import FieldViolation
from flexura_kit.ids import DeliveryId

PAGE_SIZE_MAX = 100
PAGE_SIZE_DEFAULT = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOKEN = re.compile(r"([0-9]{1,17})\.(\w{1,100})", re.ASCII)


def checked_page_size(size: int) -> int:
    if not 0 <= size <= PAGE_SIZE_MAX:
        sentence = f"page_size takes 1 to {PAGE_SIZE_MAX}, or 0 for {PAGE_SIZE_DEFAULT}"
        raise invalid_request([FieldViolation("page_size", sentence)])
    return size or PAGE_SIZE_DEFAULT


def token_of(place: DeliveryPlace) -> str:
    return f"{(place.created_at - EPOCH) // timedelta(microseconds=1)}.{place.delivery_id}"


def place_of(token: str) -> DeliveryPlace | None:
    found = TOKEN.fullmatch(token)
    if found is None:
        return None
    return DeliveryPlace(EPOCH + timedelta(microseconds=int(found[1])), DeliveryId(found[2]))
