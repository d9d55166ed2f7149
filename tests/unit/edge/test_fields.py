"""Fields of a JSON object: what each kind of field takes, and the one sentence that whatever is wrong is told."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.edge.test_body import VALUES

from flexura_edge.http.fields import VIOLATIONS_MAX, Fields
from flexura_kit.errors import FlexuraError

WORDS = {"general": 1, "news": 2, "code": 5}
TAKEN: dict[str, Callable[[Fields], object]] = {
    "whole": lambda fields: fields.whole("a", 1, 50_000),
    "text": lambda fields: fields.text("a"),
    "texts": lambda fields: fields.texts("a"),
    "one_or_more": lambda fields: fields.one_or_more("a", "say what"),
    "choice": lambda fields: fields.choice("a", WORDS, 0),
    "switch": lambda fields: fields.optional("a", bool, absent=False),
}


def taken(kind: str, values: dict[str, Any]) -> object:
    fields = Fields(values, ["a"])
    value = TAKEN[kind](fields)
    fields.check()
    return value


def faults(kind: str, values: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(FlexuraError) as refused:
        taken(kind, values)
    return [(violation.field, violation.message) for violation in refused.value.violations]


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("whole", 1, 1),
        ("whole", 50_000, 50_000),
        ("whole", 5.0, 5),
        ("whole", None, 0),
        ("texts", None, []),
        ("choice", None, 0),
        ("switch", None, False),
        ("text", " a ", " a "),
        ("texts", ["a", "b"], ["a", "b"]),
        ("texts", [], []),
        ("one_or_more", "a", ["a"]),
        ("one_or_more", ["a", "b"], ["a", "b"]),
        ("choice", "news", 2),
        ("switch", True, True),
    ],
)
def test_what_is_right_is_taken_as_it_is(kind: str, given: object, expected: object) -> None:
    assert taken(kind, {"a": given}) == expected


@pytest.mark.parametrize(
    ("kind", "expected"), [("whole", 0), ("text", ""), ("texts", []), ("choice", 0), ("switch", False)]
)
def test_what_is_absent_is_nothing(kind: str, expected: object) -> None:
    assert taken(kind, {}) == expected


@pytest.mark.parametrize(
    ("kind", "values", "field", "sentence"),
    [
        ("whole", {"a": 0}, "a", "`a` must be from 1 to 50,000, not 0"),
        ("whole", {"a": -1}, "a", "`a` must be from 1 to 50,000, not -1"),
        ("whole", {"a": 2**70}, "a", "`a` must be from 1 to 50,000, not 1180591620717411303424"),
        ("whole", {"a": True}, "a", "`a` must be an integer, not true or false"),
        ("whole", {"a": 1.5}, "a", "`a` must be an integer, not 1.5"),
        ("whole", {"a": "5.0"}, "a", '`a` must be an integer, not a string ("5.0"); leave out its quotes'),
        ("whole", {"a": "5s"}, "a", '`a` must be an integer, not a string ("5s")'),
        ("text", {"a": ""}, "a", "`a` is empty; leave the field out instead"),
        ("text", {"a": " \n"}, "a", "`a` is empty; leave the field out instead"),
        ("text", {"a": 1}, "a", "`a` must be a string, not a number (1)"),
        ("text", {"a": "\0"}, "a", "`a` holds a NUL character; remove it"),
        ("texts", {"a": "b"}, "a", '`a` must be an array, not a string ("b")'),
        ("texts", {"a": ["b", 1]}, "a[1]", "`a[1]` must be a string, not a number (1)"),
        ("texts", {"a": [" "]}, "a[0]", "`a[0]` is empty; leave it out"),
        ("texts", {"a": ["\ud800"]}, "a", "`a` holds half of a surrogate pair; send whole characters"),
        ("one_or_more", {}, "a", "`a` is missing; say what"),
        ("one_or_more", {"a": []}, "a", "`a` is empty; say what"),
        ("one_or_more", {"a": " "}, "a", "`a` is empty; say what"),
        ("one_or_more", {"a": ["b", ""]}, "a[1]", "`a[1]` is empty; leave it out"),
        ("one_or_more", {"a": 1}, "a", "`a` must be a string or an array of strings, not a number (1)"),
        ("choice", {"a": "NEWZ"}, "a", '`a` takes `general`, `news` or `code`, not "NEWZ"; did you mean `news`?'),
        ("choice", {"a": ""}, "a", '`a` takes `general`, `news` or `code`, not ""'),
        ("choice", {"a": "\ud800"}, "a", '`a` takes `general`, `news` or `code`, not "\\ud800"'),
        ("choice", {"a": 2}, "a", "`a` must be a string, not a number (2)"),
        ("switch", {"a": "true"}, "a", '`a` must be true or false, not a string ("true"); leave out its quotes'),
        ("switch", {"a": "yes"}, "a", '`a` must be true or false, not a string ("yes")'),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(kind: str, values: dict[str, Any], field: str, sentence: str) -> None:
    assert faults(kind, values) == [(field, sentence)]


def test_thousands_of_wrong_members_are_told_as_few() -> None:
    assert len(faults("texts", {"a": [1] * 100_000})) == VIOLATIONS_MAX


@given(st.sampled_from(list(TAKEN)), VALUES)
def test_whatever_is_sent_is_taken_or_refused(kind: str, value: object) -> None:
    try:
        taken(kind, {"a": value})
    except FlexuraError as error:
        assert [violation.field for violation in error.violations]  # noqa: PT017 - either outcome is right.
