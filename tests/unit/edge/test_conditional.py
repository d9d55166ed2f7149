"""Ranges and conditions of a download."""

import pytest
from aiohttp.test_utils import make_mocked_request

from flexura_edge.http.conditional import Span, is_unchanged, span_of
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
        ("Bytes= 1-2 ", Span(1, 2)),
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
        "bytes=" + "9" * 19 + "-",
    ],
)
def test_what_is_not_one_range_is_answered_with_the_whole(given: str) -> None:
    assert asked(Range=given) is None


@pytest.mark.parametrize("given", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_satisfied(given: str) -> None:
    with pytest.raises(FlexuraError) as caught:
        asked(Range=given)
    assert caught.value.reason is Reason.RANGE_NOT_SATISFIABLE
    assert caught.value.metadata == {"size_bytes": "100"}


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
