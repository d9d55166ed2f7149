"""Ranges and conditions of a download."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from flexura_edge.http.conditional import Span, date_of, http_date, is_known, is_unchanged, span_of
from flexura_kit.errors import FlexuraError, Reason

ETAG = '"abc"'


def asked(size_bytes: int = 100, **headers: str) -> Span | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return span_of(make_mocked_request("GET", "/", headers=named), size_bytes, ETAG)


@pytest.mark.parametrize(
    ("given", "span"),
    [
        ("bytes=0-0", Span(0, 0)),
        ("bytes=0-99", Span(0, 99)),
        ("bytes=10-", Span(10, 99)),
        ("bytes=99-", Span(99, 99)),
        ("bytes=90-1000", Span(90, 99)),
        ("bytes=-1", Span(99, 99)),
        ("bytes=-100", Span(0, 99)),
        ("bytes=-1000", Span(0, 99)),
        (" Bytes= 1-2 ", Span(1, 2)),
        ("bytes=10-9223372036854775807", Span(10, 99)),
        ("bytes=10-" + "9" * 500, Span(10, 99)),
        ("bytes=-" + "9" * 500, Span(0, 99)),
        ("bytes=" + "0" * 500 + "7-0008", Span(7, 8)),
        ("bytes=0-1,2-3", Span(0, 3)),
        ("bytes=5-9 , 0-5", Span(0, 9)),
        ("bytes=0-0,200-300", Span(0, 0)),
        ("bytes=-10,90-", Span(90, 99)),
        ("bytes=,, 1-2\t,", Span(1, 2)),
    ],
)
def test_one_range_is_understood_in_every_form(given: str, span: Span) -> None:
    assert asked(Range=given) == span


@pytest.mark.parametrize(
    "given",
    [
        "",
        "bytes=",
        "bytes=-",
        "bytes=2-1",
        "bytes=0-1,3-4",
        "lines=1-2",
        "bytes=a-b",
        "bytes=1",
        "bytes=1 - 2",
        "bytes =1-2",
        "bytes=+1-2",
        "bytes=1-2;",
        "bytes=\u0661-2",
        "bytes=0x1-2",
        "bytes=1-2-3",
        "bytes=0-1,b",
        "bytes=" + ",".join(["0-1"] * 30),
    ],
)
def test_what_is_not_one_range_is_answered_with_the_whole(given: str) -> None:
    assert asked(Range=given) is None


@pytest.mark.parametrize(
    "given",
    [
        "bytes=100-",
        "bytes=100-200",
        "bytes=-0",
        "bytes=9223372036854775808-",
        "bytes=" + "9" * 500 + "-",
        "bytes=-0,100-",
    ],
)
def test_a_range_behind_the_end_cannot_be_satisfied(given: str) -> None:
    with pytest.raises(FlexuraError) as caught:
        asked(Range=given)
    assert caught.value.reason is Reason.RANGE_NOT_SATISFIABLE
    assert caught.value.metadata == {"size_bytes": "100"}


def part_by_definition(header: str, size_bytes: int) -> set[int] | str | None:
    """What RFC 9110, 14.1 to 14.4 and 15.5.17, says of well-formed ranges, byte by byte."""
    wanted: set[int] = set()
    for element in header.removeprefix("bytes=").split(","):
        first, _, last = element.strip(" \t").partition("-")
        if first and last and int(last) < int(first):
            return None
        if not first:
            wanted |= set(range(size_bytes)[-int(last) :] if int(last) else [])
        else:
            wanted |= set(range(int(first), min(int(last or size_bytes), size_bytes - 1) + 1))
    if not wanted:
        return "416"
    return wanted if len(wanted) == max(wanted) - min(wanted) + 1 else None


class Asked(NamedTuple):
    """What is looked at of a request; a whole one takes a millisecond to make."""

    method: str
    headers: CIMultiDict[str]


def answered(header: str, size_bytes: int) -> set[int] | str | None:
    try:
        span = span_of(Asked("GET", CIMultiDict(Range=header)), size_bytes, ETAG)
    except FlexuraError as error:
        return "416" if error.reason is Reason.RANGE_NOT_SATISFIABLE else error.message
    return set(range(span.first, span.last + 1)) if span else None


POSITIONS = ("0", "1", "4", "5", "9", "10", "11", str(2**63))
SINGLE = [
    *(f"{first}-{last}" for first in POSITIONS for last in ("", *POSITIONS)),
    *(f"-{count}" for count in POSITIONS),
]


@pytest.mark.parametrize("size_bytes", [0, 1, 5, 10, 11])
def test_every_combination_of_ranges_is_answered_by_the_definition(size_bytes: int) -> None:
    tried = 0
    for header in (*map("bytes={}".format, SINGLE), *(f"bytes={a}, {b}" for a in SINGLE for b in SINGLE[::3])):
        expected = part_by_definition(header, size_bytes)
        assert answered(header, size_bytes) == expected, header
        tried += 1
    assert tried > 2000


MADE = datetime(2026, 4, 1, 12, tzinfo=UTC)
BEFORE, SAME, AFTER = (http_date(MADE + timedelta(seconds=seconds)) for seconds in (-1, 0, 1))
TAGS = ["*", ETAG, f"W/{ETAG}", f'"x", {ETAG}', '"x"', '"x,y"', "abc", ""]
DATES = [BEFORE, SAME, AFTER, "yesterday"]
OF_EACH = {
    "If-Match": [None, *TAGS],
    "If-Unmodified-Since": [None, *DATES],
    "If-None-Match": [None, *TAGS],
    "If-Modified-Since": [None, *DATES],
}


def answer_by_definition(given: Mapping[str, str], modified: datetime | None) -> int:
    """RFC 9110, 13.2.2, step by step, for GET and HEAD."""
    strong, weak = {"*", ETAG, f'"x", {ETAG}'}, {"*", ETAG, f"W/{ETAG}", f'"x", {ETAG}'}
    if "If-Match" in given:
        if given["If-Match"] not in strong:
            return 412
    elif modified and given.get("If-Unmodified-Since") == BEFORE:
        return 412
    if "If-None-Match" in given:
        return 304 if given["If-None-Match"] in weak else 200
    return 304 if modified and given.get("If-Modified-Since") in {SAME, AFTER} else 200


@pytest.mark.parametrize("modified", [MADE, None])
def test_every_combination_of_conditions_is_answered_by_the_definition(modified: datetime | None) -> None:
    for values in itertools.product(*OF_EACH.values()):
        given = {name: value for name, value in zip(OF_EACH, values, strict=True) if value is not None}
        assert answer_under(given, modified) == answer_by_definition(given, modified), given


def answer_under(given: Mapping[str, str], modified: datetime | None) -> int:
    try:
        return 304 if is_known(Asked("GET", CIMultiDict(given)), ETAG, modified) else 200
    except FlexuraError as error:
        return 412 if error.reason is Reason.PRECONDITION_FAILED else 500


@pytest.mark.parametrize(
    ("text", "is_date"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", True),
        ("Sunday, 06-Nov-94 08:49:37 GMT", True),
        ("Sun Nov  6 08:49:37 1994", True),
        ("Sun, 06 Nov 1994 08:49:37 +0200", False),
        ("Sun, 31 Feb 1994 08:49:37 GMT", False),
        ("1994-11-06T08:49:37Z", False),
        ("784111777", False),
        ("", False),
    ],
)
def test_the_three_forms_of_a_date_are_read_and_no_other(text: str, *, is_date: bool) -> None:
    read = date_of(Asked("GET", CIMultiDict({"If-Modified-Since": text})), "If-Modified-Since")
    assert read == (datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC) if is_date else None)


@pytest.mark.parametrize("modified", [MADE, None])
def test_a_part_is_answered_for_the_same_state_alone(modified: datetime | None) -> None:
    for value in (*TAGS, *DATES):
        request = Asked("GET", CIMultiDict({"Range": "bytes=0-9", "If-Range": value}))
        is_same = value == ETAG or (modified is not None and value == SAME)
        assert span_of(request, 100, ETAG, modified) == (Span(0, 9) if is_same else None), value


def test_a_weak_tag_is_no_proof_of_the_same_bytes() -> None:
    with pytest.raises(FlexuraError):
        is_known(Asked("GET", CIMultiDict({"If-Match": f"W/{ETAG}"})), f"W/{ETAG}")
    assert is_known(Asked("GET", CIMultiDict({"If-None-Match": ETAG})), f"W/{ETAG}")


def test_a_range_counts_for_get_alone() -> None:
    request = make_mocked_request("HEAD", "/", headers={"Range": "bytes=0-9"})
    assert span_of(request, 100, ETAG) is None


def test_nothing_of_an_empty_asset_can_be_asked_for() -> None:
    with pytest.raises(FlexuraError):
        asked(0, Range="bytes=0-")
    with pytest.raises(FlexuraError):
        asked(0, Range="bytes=-5")


def test_a_range_of_another_state_is_answered_with_the_whole() -> None:
    assert asked(Range="bytes=1-2", If_Range=ETAG) == Span(1, 2)
    assert asked(Range="bytes=1-2", If_Range='"older"') is None
    assert asked(Range="bytes=1-2", If_Range=f"W/{ETAG}") is None
    assert asked(Range="bytes=1-2", If_Range="Wed, 21 Oct 2015 07:28:00 GMT") is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [(ETAG, True), (f"W/{ETAG}", True), (f'"x", {ETAG}', True), ("*", True), ('"x"', False), ("abc", False)],
)
def test_what_the_client_has_is_recognised(given: str, expected: bool) -> None:
    assert is_unchanged(make_mocked_request("GET", "/", headers={"If-None-Match": given}), ETAG) is expected


def test_without_a_condition_nothing_is_unchanged() -> None:
    assert not is_unchanged(make_mocked_request("GET", "/"), ETAG)
