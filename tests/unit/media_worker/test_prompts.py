"""The words of a prompt, and what became of each."""

from hypothesis import given
from hypothesis import strategies as st

from flexura_media_worker.providers.prompts import UNKNOWN_MAX, Prompt

THINGS = {"city": "city", "pine forest": "pines", "forest": "forest", "wolf": "wolf", "neon": "neon"}


def test_words_and_phrases_are_found_in_order_and_once() -> None:
    assert Prompt("Neon CITY, a pine forest, a city and a forest").find(THINGS) == ["neon", "city", "pines", "forest"]


def test_plurals_and_owners_count() -> None:
    assert Prompt("cities of wolves; the forest\u2019s neon").find(THINGS) == ["city", "wolf", "forest", "neon"]


def test_what_nobody_looked_for_is_unknown() -> None:
    prompt = Prompt("a glorbous city at the edge of a glorbous zint")
    prompt.find(THINGS)
    assert prompt.unknown == ["glorbous", "edge", "zint"]


@given(st.text(max_size=10_000))
def test_any_text_has_words(text: str) -> None:
    prompt = Prompt(text)
    prompt.find(THINGS)
    assert len(prompt.unknown) <= UNKNOWN_MAX
