"""Conditional and partial requests: what a client has already, and which part it wants (RFC 9110, 13 and 14)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from itertools import pairwise

from aiohttp import web

from flexura_kit.errors import FlexuraError, Kind, Reason

# Spaces and tabs are allowed around commas, and nowhere within a range; empty elements of a list mean nothing.
_UNIT = re.compile(r"bytes=(.*)", re.IGNORECASE)
_ELEMENT = re.compile(r"[ \t]*(?:([0-9]+)-([0-9]*)|-([0-9]+)|)[ \t]*")
RANGES_MAX = 20  # More are a sign of an attack, not of a player.
DIGITS_MAX = 20  # More than any size has; further ones change nothing.
LARGEST = 10**DIGITS_MAX
_TAG = re.compile(r'(?:W/)?"[^"]*"')
# The three forms of RFC 9110, 5.6.7; a condition with any other date is passed over.
_DATE = re.compile(
    r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
    r"|[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        return self.last - self.first + 1


def is_known(request: web.BaseRequest, etag: str, modified: datetime | None = None) -> bool:
    """Tells whether the client has this state already, in the order of RFC 9110, 13.2.2.

    Raises where it wants another state than this one. A state whose `modified` is not known has no such conditions.
    """
    if "If-Match" in request.headers:
        # Compared strongly: a weak tag does not tell whether the bytes are the same.
        given = tags(request, "If-Match")
        if "*" not in given and (etag not in given or etag.startswith("W/")):
            raise unmet("If-Match", f"it is {etag}")
    elif modified is not None and (until := date_of(request, "If-Unmodified-Since")) and modified > until:
        raise unmet("If-Unmodified-Since", f"it was made on {http_date(modified)}")
    if "If-None-Match" in request.headers:
        return is_unchanged(request, etag)
    since = date_of(request, "If-Modified-Since")
    return modified is not None and since is not None and modified <= since


def is_unchanged(request: web.BaseRequest, etag: str) -> bool:
    """Tells whether the client names this very state in If-None-Match."""
    if "If-None-Match" not in request.headers:
        return False
    # Compared weakly, as RFC 9110 says: proxies that compress mark tags as weak.
    given = tags(request, "If-None-Match")
    return "*" in given or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in given}


def tags(request: web.BaseRequest, name: str) -> set[str]:
    given = ",".join(request.headers.getall(name, []))
    return {"*"} if given.strip(" \t") == "*" else set(_TAG.findall(given))


def date_of(request: web.BaseRequest, name: str) -> datetime | None:
    """The date of a header; None where it has none, several, or what is no date of HTTP."""
    given = request.headers.getall(name, [])
    text = given[0].strip(" \t") if len(given) == 1 else ""
    if not _DATE.fullmatch(text):
        return None
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def http_date(time: datetime) -> str:
    return format_datetime(time.astimezone(UTC), usegmt=True)


def unmet(header: str, what: str) -> FlexuraError:
    return FlexuraError(
        Kind.REFUSED,
        Reason.PRECONDITION_FAILED,
        f"what is there is not what `{header}` names: {what}; fetch it without `{header}`",
        (),
        header=header,
    )


def span_of(request: web.BaseRequest, size_bytes: int, etag: str, modified: datetime | None = None) -> Span | None:
    """Answers the part that is asked for; None means the whole.

    Ranges that overlap or touch are one part. Several parts are answered with the whole, as RFC 9110 allows, and so is
    what is no range of bytes. A range counts for GET alone.
    """
    if request.method != "GET" or not is_of_same_state(request, etag, modified):
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


def is_of_same_state(request: web.BaseRequest, etag: str, modified: datetime | None) -> bool:
    """Tells whether a part fits to those that the client has, by If-Range: a tag, or the very date."""
    given = [value.strip(" \t") for value in request.headers.getall("If-Range", [])]
    return not given or given == [etag] or (modified is not None and date_of(request, "If-Range") == modified)


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
