"""The nearest known name: found whatever its case, and never at a stranger's expense."""

import pytest

from flexura_kit.nearest import COMPARED_CHARACTERS_MAX, nearest_name

KNOWN = ["prompt", "model", "options", "client_ref", "timeout_s"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("promt", "prompt"),
        ("PROMPT", "prompt"),
        ("Modell", "model"),
        ("option", "options"),
        ("clientRef", "client_ref"),
    ],
)
def test_a_misspelled_name_is_answered_with_the_one_that_was_meant(given: str, meant: str) -> None:
    assert nearest_name(given, KNOWN) == meant


def test_a_name_like_no_other_is_answered_with_none() -> None:
    assert nearest_name("zzz", KNOWN) is None
    assert nearest_name("", KNOWN) is None
    assert nearest_name("prompt", []) is None


def test_where_a_name_is_wanted_in_any_case_one_is_answered() -> None:
    assert nearest_name("zzz", KNOWN, similarity_min=0) in KNOWN
    assert nearest_name("zzz", [], similarity_min=0) is None


@pytest.mark.parametrize("letter", ["a", "\N{LATIN SMALL LIGATURE FFI}"])  # The second one grows when it is folded.
def test_what_follows_the_first_characters_changes_nothing(letter: str) -> None:
    start = letter * COMPARED_CHARACTERS_MAX
    known = [start, "z" * 100_000, *KNOWN]

    assert {nearest_name(start + rest * 100_000, known) for rest in ("", "z", "prompt")} == {start}


def test_names_that_begin_alike_are_answered_with_the_first() -> None:
    start = "x" * COMPARED_CHARACTERS_MAX

    assert nearest_name(start, [f"{start}-one", f"{start}-two"]) == f"{start}-one"
