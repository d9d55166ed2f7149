"""Cursors: whole again for their account, and for nobody else, whatever is sent."""

import base64
import hmac
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flexura_kit.errors import FlexuraError, Reason
from flexura_search.domain.packing import Place
from flexura_search.service.continuations import Continuation, Continuations

ONES = Continuations(b"key of one installation")
GIVEN = Continuation("4f" * 20, Place(3, is_begun=True, passage=2, character=12_345))


def refused(account_id: str, text: str, continuations: Continuations = ONES) -> None:
    with pytest.raises(FlexuraError) as failed:
        continuations.read(account_id, text)
    assert failed.value.reason is Reason.INVALID_REQUEST
    assert [violation.field for violation in failed.value.violations] == ["continue"]


def test_a_cursor_says_where_to_go_on() -> None:
    assert ONES.read("acc_1", ONES.write("acc_1", GIVEN)) == GIVEN


def test_it_is_of_no_use_to_others() -> None:
    written = ONES.write("acc_1", GIVEN)
    refused("acc_2", written)
    refused("acc_1", written, Continuations(b"key of another one"))


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_whatever_is_no_cursor_is_refused(text: str) -> None:
    refused("acc_1", text)


@given(st.integers(0, 10_000), st.sampled_from("abcXYZ019-_=+/ \x00ü"))
@settings(max_examples=150, deadline=None)
def test_a_changed_cursor_is_refused(place: int, character: str) -> None:
    written = ONES.write("acc_1", GIVEN)
    place %= len(written)
    changed = written[:place] + character + written[place + 1 :]
    if changed != written:
        try:
            assert ONES.read("acc_1", changed) == GIVEN  # Bits of the last letter that stand for nothing.
        except FlexuraError as error:
            assert error.reason is Reason.INVALID_REQUEST  # noqa: PT017 - both are right.


@given(st.integers(0, 10_000), st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_a_cursor_that_is_cut_off_or_goes_on_is_refused(length: int, more: bytes) -> None:
    written = ONES.write("acc_1", GIVEN)
    refused("acc_1", written[: length % (len(written) - 1)])
    refused("acc_1", written + base64.urlsafe_b64encode(b"xyz" + more).decode())


@given(st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=20)), max_size=7))
@settings(max_examples=100, deadline=None)
def test_a_cursor_with_a_signature_of_ones_own_is_refused(fields: list[object]) -> None:
    payload = json.dumps(fields).encode()
    for signature in (bytes(16), hmac.digest(b"guessed", b"acc_1\0" + payload, "sha256")[:16]):
        refused("acc_1", base64.urlsafe_b64encode(signature + payload).decode().rstrip("="))


NUMBERS = st.integers(0, 2**31)
PLACES = st.builds(Place, NUMBERS, st.booleans(), NUMBERS, NUMBERS, NUMBERS)


@given(st.text(min_size=1, max_size=30), PLACES)
@settings(max_examples=100, deadline=None)
def test_any_place_comes_back_as_it_was(account_id: str, place: Place) -> None:
    given_out = Continuation("4f" * 20, place)
    assert ONES.read(account_id, ONES.write(account_id, given_out)) == given_out
