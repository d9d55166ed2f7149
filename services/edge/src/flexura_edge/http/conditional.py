"""Conditional and partial requests: what a client has already, and which part it wants."""

import re
from dataclasses import dataclass

from aiohttp import web

from flexura_kit.errors import FlexuraError, Kind, Reason

_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        return self.last - self.first + 1


def is_unchanged(request: web.BaseRequest, etag: str) -> bool:
    """Tells whether the client names this very state in If-None-Match."""
    given = request.headers.get("If-None-Match")
    if given is None:
        return False
    # Compared weakly, as RFC 9110 says: proxies that compress mark tags as weak.
    return given.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in given.split(",")}


def span_of(request: web.BaseRequest, size_bytes: int, etag: str) -> Span | None:
    """Answers the one range that is asked for; None means the whole.

    Several ranges, and forms that are not understood, are answered with the whole, as RFC 9110 allows.
    """
    given = _RANGE.fullmatch(request.headers.get("Range", ""))
    if given is None or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = given.groups()
    if not first and not last:
        return None
    if first and last and int(last) < int(first):
        return None
    span = suffix(int(last), size_bytes) if not first else prefix(int(first), last, size_bytes)
    if span.size_bytes <= 0:
        raise FlexuraError(
            Kind.INVALID,
            Reason.RANGE_NOT_SATISFIABLE,
            f"the asset has {size_bytes} bytes and the range begins behind them",
            size_bytes=str(size_bytes),
        )
    return span


def suffix(count: int, size_bytes: int) -> Span:
    return Span(max(0, size_bytes - count), size_bytes - 1)


def prefix(first: int, last: str, size_bytes: int) -> Span:
    return Span(first, min(int(last), size_bytes - 1) if last else size_bytes - 1)
