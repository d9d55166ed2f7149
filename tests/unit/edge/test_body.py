"""JSON as the edge reads it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexura_edge.http.body import DEPTH_MAX, parse
from flexura_kit.errors import FlexuraError, Reason

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text()
FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | FINITE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_every_object_is_read_as_it_was_written(value: dict[str, object]) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_no_body_does_anything_but_be_read_or_refused(body: bytes) -> None:
    refusal = None
    try:
        parse(body)
    except FlexuraError as error:
        refusal = error
    assert refusal is None or refusal.reason is Reason.MALFORMED_JSON


def test_the_deepest_body_that_is_taken_is_as_deep_as_said() -> None:
    deepest = b'{"a":' * DEPTH_MAX + b"1" + b"}" * DEPTH_MAX
    assert parse(deepest)
    with pytest.raises(FlexuraError, match=str(DEPTH_MAX)):
        parse(b'{"a":' + deepest + b"}")


def test_brackets_in_strings_are_no_nesting() -> None:
    assert parse(json.dumps({"prompt": "[" * 1000}).encode()) == {"prompt": "[" * 1000}


def test_the_place_of_a_mistake_is_told_as_line_and_column() -> None:
    with pytest.raises(FlexuraError) as caught:
        parse(b'{\n  "prompt": "a"\n  "model": "b"\n}')
    assert caught.value.metadata == {"line": "3", "column": "3"}
