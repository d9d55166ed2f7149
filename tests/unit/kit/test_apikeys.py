"""What an API key looks like and which strings cannot be one."""

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexura_kit import apikeys

# Computed apart from the code, with the CRC32 of `fx_live_` and 32 zeros, 0xe32f37f3, written in base 62.
KNOWN = "fx_live_" + "0" * 32 + "49wl87"


def test_a_new_key_is_46_characters_and_well_formed() -> None:
    secret = apikeys.new_secret()

    assert len(secret) == 46
    assert secret.startswith("fx_live_")
    assert secret[8:].isalnum()
    assert secret.isascii()
    assert apikeys.is_well_formed(secret)


def test_a_known_key_has_the_checksum_that_other_programs_compute() -> None:
    assert apikeys.is_well_formed(KNOWN)


def test_a_small_checksum_is_padded_with_zeros() -> None:
    keys = (apikeys.new_secret() for _ in range(20_000))

    assert any(key[-6] == "0" and apikeys.is_well_formed(key) for key in keys)


def test_no_two_keys_are_equal() -> None:
    assert len({apikeys.new_secret() for _ in range(1_000)}) == 1_000


def test_every_base62_character_is_as_likely_as_another() -> None:
    counts = Counter("".join(apikeys.new_secret()[8:40] for _ in range(4_000)))

    assert set(counts) == set(apikeys.BASE62)
    # 128,000 draws over 62 characters: 2,065 each, and seven standard deviations around it.
    assert all(1_740 < count < 2_390 for count in counts.values())


@given(position=st.integers(0, 45), replacement=st.characters())
def test_any_single_wrong_character_is_noticed(position: int, replacement: str) -> None:
    mangled = KNOWN[:position] + replacement + KNOWN[position + 1 :]

    assert apikeys.is_well_formed(mangled) == (mangled == KNOWN)


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert not apikeys.is_well_formed(text)


@pytest.mark.parametrize(
    "wrong",
    ["", "fx_live_", KNOWN[:-1], KNOWN + "0", KNOWN + "\n", " " + KNOWN, KNOWN.upper(), KNOWN.replace("live", "test")],
)
def test_a_wrong_length_scheme_or_case_is_not_well_formed(wrong: str) -> None:
    assert not apikeys.is_well_formed(wrong)


def test_the_digest_is_sha256_of_the_whole_key() -> None:
    assert apikeys.digest(KNOWN) == hashlib.sha256(KNOWN.encode()).digest()


def test_the_prefix_shows_four_random_characters() -> None:
    assert apikeys.prefix(KNOWN) == "fx_live_0000"
