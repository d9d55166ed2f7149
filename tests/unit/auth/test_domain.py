"""When a key works, and what a page token says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexura_auth.domain import ApiKey, KeyState, Place, is_id, place_of_token
from flexura_kit.ids import AccountId, KeyId

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY_ID = KeyId("key_" + "0a" * 16)


def key(*, revoke_time: datetime | None = None, expire_time: datetime | None = None) -> ApiKey:
    account_id = AccountId("acc_" + "0b" * 16)
    return ApiKey(KEY_ID, account_id, "laptop", "fx_live_abcd", NOON, revoke_time, expire_time)


def test_a_key_works_until_something_ends_it() -> None:
    assert key().state_at(NOON + 1000 * HOUR) is KeyState.WORKING


def test_a_key_expires_at_its_moment_and_not_before() -> None:
    expiring = key(expire_time=NOON + HOUR)

    assert expiring.state_at(NOON + HOUR - timedelta(microseconds=1)) is KeyState.WORKING
    assert expiring.state_at(NOON + HOUR) is KeyState.EXPIRED


def test_a_key_that_was_revoked_and_has_expired_counts_as_revoked() -> None:
    assert key(revoke_time=NOON, expire_time=NOON).state_at(NOON + HOUR) is KeyState.REVOKED


def test_a_key_replaced_without_overlap_ends_at_once() -> None:
    assert key().expiry_when_rotated(NOON, timedelta()) == NOON


def test_replacing_a_key_again_may_shorten_its_overlap() -> None:
    assert key(expire_time=NOON + 2 * HOUR).expiry_when_rotated(NOON, HOUR) == NOON + HOUR


def test_replacing_a_key_again_never_makes_it_live_longer() -> None:
    assert key(expire_time=NOON + HOUR).expiry_when_rotated(NOON, 2 * HOUR) == NOON + HOUR


@given(st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive.
def test_a_place_is_read_back_from_its_token_to_the_microsecond(moment: datetime) -> None:
    place = Place(moment, KEY_ID)

    assert place_of_token(place.token()) == place


@given(st.text())
def test_any_text_is_read_as_a_token_without_an_error(text: str) -> None:
    place_of_token(text)


@pytest.mark.parametrize("token", ["-", "zz-" + KEY_ID, "0" * 15 + "-" + KEY_ID, "0-" + KEY_ID + "0", "0-key_\x00"])
def test_a_token_that_was_tampered_with_is_none(token: str) -> None:
    assert place_of_token(token) is None


@pytest.mark.parametrize("text", ["", "acc_", "acc_" + "0A" * 16, "job_" + "00" * 16, "acc_" + "0" * 33, KEY_ID + "\n"])
def test_what_is_no_id_is_told_without_a_look_up(text: str) -> None:
    assert not is_id(text)
