"""Plain text, addresses and questions, as the engines' adapters make them."""

from datetime import date

import pytest

from flexura_search.domain.findings import QueryTooLongError
from flexura_search.domain.queries import Days, Query, TimeRange
from flexura_search.engines.asking import range_of, with_operators
from flexura_search.engines.reading import number, plain, web_url

TODAY = date(2024, 3, 15)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("<b>Otter</b>s &amp; <span class='x'>rivers</span>", "Otters & rivers"),
        ("one<br/>two<p>three</p>", "one two three"),
        ("a < b and c > d", "a < b and c > d"),
        ("std::vector<int> and List<String>", "std::vector<int> and List<String>"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("tab\tand\r\nline\u00a0break", "tab and line break"),
        ("bell\x07 null\x00 esc\x1b[31m c1\x9b", "bell null esc[31m c1"),
        ("half \ud83d a pair", "half a pair"),
        ("\u202eturned\u2069", "turned"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
        (None, ""),
        (17, ""),
        (["x"], ""),
    ],
)
def test_text_is_made_plain(value: object, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize("part", ["<", "<b ", "<!--", "&", "</", "<b>", "\x00"])
def test_text_of_any_length_is_cut_and_soon_read(part: str) -> None:
    assert len(plain(part * 1_000_000)) <= 4000


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://otters.example/a?b=c#d", "https://otters.example/a?b=c#d"),
        ("//images.example/1.jpg", "https://images.example/1.jpg"),
        (" http://otters.example ", "http://otters.example/"),
        ("https://ötter.example/fluß", "https://xn--tter-4qa.example/flu%C3%9F"),
        ("https://files.example/My Report.pdf", "https://files.example/My%20Report.pdf"),
        ("http:///path", "http://path/"),
        ("https://a.example/\ud800", "https://a.example/%EF%BF%BD"),
        *((value, "") for value in ("", "/path", "ftp://x.example/", "javascript:alert(1)", "data:,x", "https://")),
        *((value, "") for value in ("https://a b.example/", "https://a.example/\n", "https://[1.example/", "x" * 5000)),
        *((value, "") for value in ("https://faß..example/", None, 7, {})),
    ],
)
def test_only_addresses_of_the_web_are_taken(value: object, url: str) -> None:
    # A line break at an end is white space, and is taken off.
    assert web_url(value) == (url or ("https://a.example/" if value == "https://a.example/\n" else ""))


@pytest.mark.parametrize(
    ("value", "count"), [(7, 7), ("1080", 1080), (-1, 0), ("-1", 0), (None, 0), (1.5, 0), ("²", 0), (10**30, 10**9)]
)
def test_numbers_are_counts(value: object, count: int) -> None:
    assert number(value) == count


@pytest.mark.parametrize(("characters_max", "words_max"), [(0, 0), (13, 0), (0, 3), (13, 3)])
def test_questions_are_asked_whole(characters_max: int, words_max: int) -> None:
    assert with_operators(Query("one two three"), characters_max, words_max) == "one two three"


@pytest.mark.parametrize(("characters_max", "words_max"), [(12, 0), (0, 2), (13, 2), (12, 3)])
def test_questions_that_are_too_long_are_not_cut(characters_max: int, words_max: int) -> None:
    with pytest.raises(QueryTooLongError, match=r"at most .* and this query has 13 characters"):
        with_operators(Query("one two three"), characters_max, words_max)


def test_operators_take_what_room_the_question_leaves() -> None:
    query = Query("one two three", include_domains=("a.example", "b.example"), exclude_domains=("c.example",))
    whole = "one two three site:a.example OR site:b.example -site:c.example"
    assert with_operators(query, len(whole)) == whole
    assert with_operators(query, len(whole) - 1) == "one two three site:a.example OR site:b.example"
    assert with_operators(query, 0, 5) == "one two three site:a.example"
    assert with_operators(query, 20) == "one two three"


@pytest.mark.parametrize(
    ("query", "time_range"),
    [
        (Query("x", time_range=TimeRange.YEAR), TimeRange.YEAR),
        (Query("x", days=Days(first=date(2024, 3, 15))), TimeRange.DAY),
        (Query("x", days=Days(first=date(2024, 3, 10))), TimeRange.WEEK),
        (Query("x", days=Days(first=date(2024, 2, 20), last=date(2024, 2, 21))), TimeRange.MONTH),
        (Query("x", days=Days(first=date(2023, 6, 1))), TimeRange.YEAR),
        (Query("x", days=Days(first=date(2003, 6, 1))), None),
        (Query("x", days=Days(last=date(2024, 3, 1))), None),
        (Query("x"), None),
    ],
)
def test_days_are_covered_by_the_shortest_range(query: Query, time_range: TimeRange | None) -> None:
    assert range_of(query, TODAY) is time_range
