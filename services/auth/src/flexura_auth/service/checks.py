"""What the fields of a request may hold."""

from datetime import timedelta

from flexura_auth.domain import (
    DISPLAY_NAME_MAX,
    OVERLAP_MAX,
    PAGE_SIZE_DEFAULT,
    PAGE_SIZE_MAX,
    REQUEST_ID_MAX,
    VERIFY_ITEMS_MAX,
    Place,
    place_of_token,
)
from flexura_auth.service.refusals import invalid


def check_request_id(text: str) -> None:
    if not 1 <= len(text) <= REQUEST_ID_MAX or not text.isprintable():
        raise invalid("request_id", f"takes 1 to {REQUEST_ID_MAX} printable characters")


def check_display_name(text: str) -> None:
    # Control characters would upset a terminal or a database long after they were taken in.
    if len(text) > DISPLAY_NAME_MAX or not text.isprintable():
        raise invalid("display_name", f"takes up to {DISPLAY_NAME_MAX} printable characters")


def check_overlap(overlap: timedelta) -> None:
    if not timedelta() <= overlap <= OVERLAP_MAX:
        raise invalid("overlap", f"takes 0 seconds to {OVERLAP_MAX.days} days")


def check_item_count(count: int) -> None:
    if count > VERIFY_ITEMS_MAX:
        raise invalid("digests", f"takes up to {VERIFY_ITEMS_MAX} digests; split the batch")


def checked_page_size(size: int) -> int:
    if not 0 <= size <= PAGE_SIZE_MAX:
        raise invalid("page_size", f"takes 1 to {PAGE_SIZE_MAX}, or 0 for {PAGE_SIZE_DEFAULT}")
    return size or PAGE_SIZE_DEFAULT


def checked_place(page_token: str) -> Place | None:
    if not page_token:
        return None
    place = place_of_token(page_token)
    if place is None:
        raise invalid("page_token", "takes the next_page_token of the page before, unchanged, or nothing")
    return place
