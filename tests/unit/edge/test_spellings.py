"""One value in several spellings: each is the same request; what is none is refused with its field."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flexura_edge.http.acceptance import unquoted
from flexura_edge.http.body import parse
from flexura_edge.http.media_types import is_json, quality_of
from flexura_edge.http.query import time_of
from flexura_edge.http.search_request import EXTRACT_FIELDS, SEARCH_FIELDS, read_request, search_request

BLANKS = st.text(" \t\r\n", max_size=2)
SEARCH = {"query": "otters", "max_results": 5, "timeout_ms": 5000, "max_tokens": 2000, "no_fallback": True}
EXTRACT = {"urls": ["https://a.example/"], "max_tokens": 4000, "timeout_ms": 1000}


@st.composite
def spelled(draw: st.DrawFn, values: dict[str, Any], known: tuple[str, ...]) -> bytes:
    """The same object with other blanks, another order, other numbers, and nulls where nothing is said."""

    def number(value: int) -> str:
        trailing = len(str(value)) - len(str(value).rstrip("0"))
        return draw(
            st.sampled_from(
                [f"{value}", f"{value}.0", f"{value}.00", f"{value}e0", f"{value // 10**trailing}E+{trailing}"]
            )
        )

    def text(value: Any) -> str:
        if type(value) is int:
            return number(value)
        return json.dumps(value, ensure_ascii=draw(st.booleans()))

    unsaid = draw(st.lists(st.sampled_from([name for name in known if name not in values]), unique=True, max_size=4))
    members = [(name, text(value)) for name, value in values.items()] + [(name, "null") for name in unsaid]
    blank = draw(BLANKS)
    inner = f"{blank},{blank}".join(
        f"{json.dumps(name)}{blank}:{blank}{value}" for name, value in draw(st.permutations(members))
    )
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return f"{mark}{blank}{{{blank}{inner}}}{blank}".encode()


@given(spelled(SEARCH, SEARCH_FIELDS))
def test_every_spelling_of_a_search_is_the_same_message(body: bytes) -> None:
    assert search_request(parse(body), "acc") == search_request(dict(SEARCH), "acc")


@given(spelled(EXTRACT, EXTRACT_FIELDS))
def test_every_spelling_of_an_extract_is_the_same_message(body: bytes) -> None:
    assert read_request(parse(body), "acc") == read_request(dict(EXTRACT), "acc")


BLANK = st.sampled_from(["", " ", "\t"])
WORD = st.text("abcz019-_.!", min_size=1, max_size=8)
PARAMETER = st.one_of(
    st.sampled_from(["charset=utf-8", "CHARSET=UTF8", 'charset="utf-8"', 'Charset="u\\tf-8"', "charset=us-ascii", ""]),
    st.builds("x{}={}".format, WORD, WORD),
    st.builds('x{}="{};charset=latin-1"'.format, WORD, WORD),
)
TYPE = st.one_of(
    st.sampled_from(["application/json", "Application/JSON", "text/json"]),
    st.builds("application/{}+json".format, WORD),
)


ODD_PARAMETER = st.one_of(
    PARAMETER,
    st.sampled_from(
        [
            "charset=",
            "charset",
            'charset=""',
            'charset="utf-8',
            'charset="utf-8"x',
            "=",
            "=utf-16",
            "a=b=c",
            "a b=utf-16",
        ]
    ),
    st.text(" ;=\"'\\,autfchrse-8/", max_size=12),
)
CHARSET = re.compile(r"charset", re.IGNORECASE)


def charset_by_mimesniff(header: str) -> str | None:
    """What WHATWG mimesniff, 4.4, makes of the charset of `application/json`; None for a failure to parse."""
    essence, place = header.partition(";")[0].strip(" \t"), len(header.partition(";")[0])
    if essence.lower() != "application/json":
        return None
    found = ""
    while place < len(header):
        place += 1
        while header[place : place + 1] in {" ", "\t"}:
            place += 1
        start = place
        while place < len(header) and header[place] not in ";=":
            place += 1
        name = header[start:place].lower()
        if place < len(header) and header[place] == ";":
            continue
        place += 1
        if header[place : place + 1] == '"':
            value, place = "", place + 1
            while place < len(header) and header[place] != '"':
                place += header[place] == "\\"
                value += header[place : place + 1] or "\\"
                place += 1
            place = header.find(";", place) if ";" in header[place:] else len(header)
        else:
            end = header.find(";", place)
            value, place = header[place : end if end >= 0 else None].rstrip(" \t"), end if end >= 0 else len(header)
            if not value:
                continue
        if name == "charset" and not found:
            found = value
    return found.lower()


@given(st.lists(st.tuples(BLANK, ODD_PARAMETER), max_size=4))
@example([("", "charset=")])
@example([("", 'charset="utf-8')])
def test_a_type_whose_one_charset_is_utf_8_to_a_browser_is_taken(parameters: list[tuple[str, str]]) -> None:
    header = "application/json" + "".join(f";{blank}{parameter}" for blank, parameter in parameters)
    charset = charset_by_mimesniff(header)
    # Two of them, and a comma, mean something else here: there each must name it.
    if len(CHARSET.findall(header)) < 2 and "," not in header and charset is not None and charset.isalnum():
        assert is_json(header) == (charset in {"utf8", "ascii"})
    if charset in {"", "utf-8"} and not CHARSET.search(header):
        assert is_json(header) or "," in header


@given(TYPE, st.lists(st.tuples(BLANK, PARAMETER, BLANK), max_size=4))
def test_every_name_of_json_in_utf_8_is_known(media_type: str, parameters: list[tuple[str, str, str]]) -> None:
    assert is_json(media_type + "".join(f"{before};{after}{parameter}" for before, parameter, after in parameters))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "json",
        "application/",
        "application/jsonp",
        "application/json5",
        "application/x-json-stream",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=latin-1",
        "application/json; charset =utf-16",
        'application/json; charset="utf-16',
        "application/json, text/plain",
        "text/plain;application/json",
        "application /json",
        "application/json/json",
        "application/json" + " " * 2000,
    ],
)
def test_what_is_no_name_of_json_in_utf_8_is_not_taken_for_one(header: str) -> None:
    assert not is_json(header)


NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01T12:00:00Z",
        "2026-04-01t12:00:00z",
        "2026-04-01 12:00:00z",
        "2026-04-01T12:00Z",
        "2026-04-01T12:00:00.000Z",
        "2026-04-01T14:00:00+02:00",
        "2026-04-01T14:00:00 02:00",
        "2026-04-01 14:00 02:00",
        "2026-04-01T14:00:00.0 0200",
        "2026-04-01T14:00:00+0200",
        "2026-04-01T14:00:00+02",
        "2026-04-01T07:00:00-05:00",
        " 2026-04-01T12:00:00Z ",
        "2026-04-01T11:59:60Z",
        "2026-04-01t13:59:60.0 02:00",
    ],
)
def test_every_spelling_of_a_time_is_the_same_time(text: str) -> None:
    assert time_of(text) == NOON


@pytest.mark.parametrize("text", ["2026-04-01 02:00", "2026-04-01"])
def test_a_blank_before_a_time_of_day_is_no_offset(text: str) -> None:
    assert time_of(text).tzinfo is None


@pytest.mark.parametrize("text", ["2026-04-01T12:00:61Z", "2026-04-01T25:00:00Z", "noon", "", "9999-12-31T23:59:60"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        time_of(text)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("k", "k"),
        ('"k"', "k"),
        (r'"a\"b\\c"', r"a\"b\c".replace('\\"', '"')),
        ('""', ""),
        ('a"b', 'a"b'),
        ("a;p=1", "a;p=1"),
        ("a,b", "a,b"),
        ("'a'", "'a'"),
        *[
            (wrong, None)
            for wrong in ('"', '"a', '"a"b"', '"k";p=1', '"k" ;p', '"a","b"', '"a" "b"', '"a\\"', r'"a\b"')
        ],
    ],
)
def test_a_key_in_quotes_is_the_key_within_them(header: str, key: str | None) -> None:
    assert unquoted(header) == key


@pytest.mark.parametrize(
    ("accept", "quality"),
    [
        ([], 0),
        (["*/*"], 0),
        (["text/*"], 0),
        (["text/event-stream"], 1),
        (["Text/Event-Stream ; charset=utf-8"], 1),
        (["application/json, text/event-stream"], 1),
        (["application/json", "text/event-stream;q=0.5"], 0.5),
        (["application/json, text/event-stream;q=0"], 0),
        (["text/event-stream; Q=0.000"], 0),
        (["text/event-stream;q=0., text/html"], 0),
        (['text/event-stream;a="q=0,;";q=0.7'], 0.7),
        (['text/event-stream;a=";q=0;"'], 1),
        (["text/event-stream;q=.0000"], 0),
        (["text/event-stream;q=high"], 1),
        (["text/event-streams"], 0),
        (['a/b;c="text/event-stream", ,;'], 0),
        (['a/b;c="text/event-stream'], 0),
    ],
)
def test_what_a_client_wants_is_read_with_its_weight(accept: list[str], quality: float) -> None:
    assert quality_of(accept, "text/event-stream") == quality
