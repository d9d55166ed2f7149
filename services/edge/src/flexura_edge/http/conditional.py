"""Conditional and partial requests: what a client has already, and which part it wants (RFC 9110, 13 and 14)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from aiohttp import web

from flexura_kit.errors import FlexuraError, Kind, Reason

# Spaces and tabs are allowed around commas, and nowhere within a range; empty elements of a list mean nothing.
_UNIT = re.compile(r"bytes=(.*)", re.IGNORECASE)
_ELEMENT = re.compile(r"[ \t]*(?:([0-9]+)-([0-9]*)|-([0-9]+)|)[ \t]*")
RANGES_MAX = 20  # More are a sign of an attack, not of a player.
DIGITS_MAX = 20  # More than any size has; further ones change nothing.
LARGEST = 10**DIGITS_MAX


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
    """Answers the part that is asked for; None means the whole.

    Ranges that overlap or touch are one part. Several parts are answered with the whole, as RFC 9110 allows, and so is
    what is no range of bytes. A range counts for GET alone.
    """
    if request.method != "GET" or request.headers.get("If-Range", etag).strip() != etag:
        return None
    given = request.headers.getall("Range", [])
    ranges = read_ranges(given[0]) if len(given) == 1 else None
    if ranges is None:
        return None
    spans = sorted(
        (span for one in ranges if (span := satisfied(one, size_bytes)) is not None), key=lambda span: span.first
    )
    if not spans:
        raise FlexuraError(
            Kind.INVALID,
            Reason.RANGE_NOT_SATISFIABLE,
            f"the asset has {size_bytes} bytes and the range begins behind them",
            size_bytes=str(size_bytes),
        )
    return joined(spans)


Range = tuple[int | None, int | None]
"""The first and the last byte as given; without a first one, the last so many."""


def read_ranges(header: str) -> list[Range] | None:
    """Reads `bytes=0-99, 200-, -5`; None for anything else, which a server passes over."""
    unit = _UNIT.fullmatch(header.strip(" \t"))
    elements = unit[1].split(",", RANGES_MAX) if unit else []
    found = [_ELEMENT.fullmatch(element) for element in elements]
    ranges: list[Range] = []
    for element in found:
        if element is None:
            return None
        first, last, count = (number(digits) for digits in element.groups())
        if first is not None and last is not None and last < first:
            return None
        if first is not None:
            ranges.append((first, last))
        elif count is not None:
            ranges.append((None, count))
    return ranges if 0 < len(ranges) <= RANGES_MAX else None


def number(digits: str | None) -> int | None:
    if not digits:
        return None
    significant = digits.lstrip("0") or "0"
    return int(significant) if len(significant) <= DIGITS_MAX else LARGEST


def satisfied(asked: Range, size_bytes: int) -> Span | None:
    """The bytes of it that there are; None where there are none."""
    first, last = asked
    if first is None:
        span = Span(max(0, size_bytes - (last or 0)), size_bytes - 1)
    else:
        span = Span(first, size_bytes - 1 if last is None else min(last, size_bytes - 1))
    return span if span.size_bytes > 0 else None


def joined(spans: Sequence[Span]) -> Span | None:
    """The one part that they make, if they leave no gap."""
    end = spans[0].last
    for _, span in pairwise(spans):
        if span.first > end + 1:
            return None
        end = max(end, span.last)
    return Span(spans[0].first, end)
