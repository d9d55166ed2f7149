"""Passages: where they begin and end, and which answer a query best."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flexura_search.reader.parsing.highlights import PASSAGE_CHARACTERS_MAX, _sentences, highlights, passages, tokens

FILLER = "Nothing of this is about anything that was asked for, and it goes on for a while. " * 4
MARKS = "。！؟"  # noqa: RUF001 - they are what is tested.
TEXTS = st.text(st.sampled_from(f"ab .!?\n{MARKS}é漢字かな\u0301#-|"), max_size=3000) | st.text(max_size=2000)


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.text(max_size=30))
def test_passages_are_where_they_say(text: str, query: str) -> None:
    for passage in highlights(text, query):
        assert text[passage.start : passage.end] == passage.text
        assert 0 < len(passage.text) <= PASSAGE_CHARACTERS_MAX
        assert 0 < passage.score <= 1


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_passages_hold_all_of_the_text_but_blanks(text: str) -> None:
    places = list(passages(text))
    assert "".join("".join(text[start:end] for start, end in places).split()) == "".join(text.split())
    assert all(first[1] <= second[0] for first, second in pairwise(places))


def test_the_best_passage_comes_first_and_has_score_one() -> None:
    text = (
        f"{FILLER}\n\nThe copper roof of the tower was laid in 1911.\n\n{FILLER}\n\nThe tower has a door.\n\n{FILLER}"
    )
    found = highlights(text, "copper roof tower")
    assert "copper roof" in found[0].text
    assert found[0].score == 1
    assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)
    assert len(found) <= 5


def test_passages_end_where_sentences_do() -> None:
    text = "It costs 3.5 million. " * 40
    assert all(text[start:end].endswith("million.") for start, end in passages(text))
    japanese = f"橋は春に開通した。列車と人が通る{MARKS[1]}" * 40
    assert all(japanese[start:end][-1] in MARKS for start, end in passages(japanese))
    arabic = "هل فتح الجسر في الربيع؟ " * 40
    assert all(arabic[start:end].endswith("؟") for start, end in passages(arabic))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("a? b", ["a?", "b"]),
        ("It costs 3.5 million. Yes!) No", ["It costs 3.5 million.", "Yes!)", "No"]),
        ("one\ntwo.\n\n...three", ["one", "two.", "...three"]),
        ("「はい。」いいえ。", ["「はい。」", "いいえ。"]),
        ("Wait...what?! Really?", ["Wait...what?!", "Really?"]),
    ],
)
def test_sentences_end_with_their_marks_or_their_line_on_every_interpreter(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in _sentences(text)] == sentences
    assert [text[start:end] for start, end in passages(text)] == [text]


@pytest.mark.parametrize("unit", [".", ".a", '."', "。", "!?", "\n", "(.)"])
def test_a_page_of_a_million_marks_is_cut(unit: str) -> None:
    # Where each mark led to a look at all that follow, this would take days.
    text = unit * 1_000_000

    assert "".join(text[start:end] for start, end in passages(text)) == text.strip()


def test_words_are_compared_without_case_and_accents_and_east_asian_text_by_pairs() -> None:
    assert tokens("Café ÜBER straße") == ["cafe", "uber", "strasse"]
    assert tokens(unicodedata.normalize("NFD", "Café")) == ["cafe"]
    assert tokens("東京都は") == ["東京", "京都", "都は"]
    text = (
        "大阪の天気は晴れです。" * 30
        + "\n\n東京の水道料金は来年から上がる予定です。\n\n"
        + "大阪の天気は晴れです。" * 30
    )
    assert "水道料金" in highlights(text, "水道料金")[0].text


def test_nothing_is_found_where_nothing_fits() -> None:
    assert highlights(FILLER, "zebra") == ()
    assert highlights(FILLER, "!?") == ()
    assert highlights("", "zebra") == ()
