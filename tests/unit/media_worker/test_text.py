"""Text on a test card: wrapped, shortened, and never empty boxes."""

import pytest

from flexura_media_worker.providers.testcard.text import (
    ELLIPSIS,
    fitted,
    has_glyph,
    line_height,
    text_width,
    tidy,
    wrapped,
)


def test_lines_fit_the_width_and_lose_no_word() -> None:
    text = "the quick brown fox jumps over the lazy dog " * 3
    lines = wrapped(text.strip(), 200, 16)

    assert all(text_width(line, 16) <= 200 for line in lines)
    assert " ".join(lines) == text.strip()


def test_a_word_wider_than_the_line_is_broken() -> None:
    lines = wrapped("x" * 200, 100, 16)

    assert all(text_width(line, 16) <= 100 for line in lines)
    assert "".join(lines) == "x" * 200


@pytest.mark.parametrize("text", ["short", "a few words more than that", "word " * 200, "漢" * 300])
def test_text_fits_its_room_at_the_largest_size_that_does(text: str) -> None:
    lines, size = fitted(tidy(text), 300, 80, 40, 12)

    assert 12 <= size <= 40
    assert len(lines) * line_height(size) <= 80
    assert all(text_width(line, size) <= 300 for line in lines)


def test_text_that_does_not_fit_says_that_it_goes_on() -> None:
    lines, size = fitted("word " * 500, 200, 60, 30, 12)

    assert size == 12
    assert lines[-1].endswith(ELLIPSIS)


def test_no_room_means_no_lines() -> None:
    assert fitted("word " * 50, 100, 3, 30, 12) == ([], 12)


def test_tidy_text_is_one_line_without_controls() -> None:
    assert tidy(" a\n\tb\x00c\u202e ") == "a bc"


def test_the_font_knows_what_it_lacks() -> None:
    assert has_glyph("a")
    assert not has_glyph("漢")


def test_an_accent_that_the_font_lacks_costs_the_accent_and_not_the_letter() -> None:
    assert tidy("Größe, façade \u2013 žluťoučký ½") == "Grosse, facade - zlutoucky 1\u20442"
    assert tidy("東京 café") == "東京 cafe"
