"""Values of JSON in their one spelling."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexura_kit.values import EXACT_MAX, number_of, plain


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("5.0", 5),
        ("5.", 5),
        ("1e3", 1000),
        ("1E+3", 1000),
        ("-0", 0),
        ("-0.0", 0),
        ("0e99999999999999999999", 0),
        ("1e-99999999999999999999", 0),
        ("+7", 7),
        ("007", 7),
        ("2.5", 2.5),
        ("9007199254740993", 9007199254740993),
        ("1e300", 1e300),
    ],
)
def test_a_number_is_read_in_every_spelling(text: str, number: float) -> None:
    read = number_of(text)
    assert (read, type(read)) == (number, type(number))


@pytest.mark.parametrize(
    "text", ["", " 5", "5s", "nan", "Infinity", "1_000", "1,000", "0x10", "\u0661", "1e999", "--1", "."]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert number_of(text) is None


@given(st.integers(-EXACT_MAX, EXACT_MAX))
def test_a_whole_number_is_the_same_in_every_spelling(number: int) -> None:
    spellings = {f"{number}", f"{number}.0", f"{number}.000", f"{number}e0", f"{number * 10}e-1" if number else "0e-1"}
    assert {number_of(text) for text in spellings} == {number}
    assert plain(float(number)) == number
    assert {json.dumps(plain(value)) for value in (number, float(number))} == {str(number)}


def test_members_that_are_null_are_left_out_at_every_depth() -> None:
    assert plain({"a": None, "b": {"c": None, "d": [1.0, None, {"e": None}]}}) == {"b": {"d": [1, None, {}]}}
