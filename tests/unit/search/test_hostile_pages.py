"""Pages that somebody wrote to break a reader: each is read or refused, and soon."""

import gzip
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flexura_kit.errors import FlexuraError
from flexura_search.domain.queries import TextFormat
from flexura_search.reader.fetch import Fetched
from flexura_search.reader.http_cache import fresh_for
from flexura_search.reader.inflating import inflating
from flexura_search.reader.parsing.highlights import highlights, passages
from flexura_search.reader.parsing.parse import parse

SECONDS = 5.0
TEXT = "<p>The bridge over the river was opened in spring and carries trains and people.</p>" * 8


def read(body: str, kind: str = "text/html", charset: str = "utf-8") -> str:
    try:
        return parse(body.encode(), kind, charset, "https://a.example/", TextFormat.MARKDOWN, "trains").text
    except FlexuraError as error:
        return error.message


@pytest.mark.parametrize(
    "body",
    [
        f"<p>a<script>1</script> b\x0b c</p>{TEXT}",
        f"<p>a<script>1</script>&#x1; b&#11; c&#xfffe;</p>{TEXT}",
        f'<script type="application/ld+json">{{"a": "\x0b\x01"}}</script>{TEXT}',
        f'<style media="(min-width:.px) and (max-width:..em)">p{{display:none}}</style>{TEXT}',
        f"<style>{'a,' * 5000}b{{color:red}}</style>{TEXT}",
        f"<style>p{{color:rgb(999999999999999999999,-1,1e400)}}</style>{TEXT}",
        "<div>" * 20_000 + TEXT,
        "<b><i>" * 5000 + TEXT,
        f"<table>{'<tr>' * 5000}</table>{TEXT}",
        f"<h1>{'<a href=x>¶</a>' * 3000}</h1>{TEXT}",
        f"<title>{'x | ' * 5000}</title>{TEXT}",
        f"<p>{'1.1.2020 ' * 5000}</p>{TEXT}",
        f"<p>{'.' * 50_000}x</p>",
        f"<p>{'a ' * 50_000}</p>",
        "\x00" * 5000,
        "",
    ],
)
def test_a_hostile_page_is_read_or_refused_soon(body: str) -> None:
    began = time.process_time()
    read(body)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "charset", ["iso-2022-kr", "hz-gb-2312", "replacement", "x-user-defined", "utf-7", "\x00", "ü"]
)
def test_any_declared_encoding_is_survived(charset: str) -> None:
    assert "bridge" in read(TEXT, charset=charset)


@pytest.mark.parametrize("text", ["." * 40_000 + "x", '."' * 20_000 + "x", "?!" * 20_000, "\n" * 40_000, "x" * 40_000])
def test_sentences_are_found_in_one_go(text: str) -> None:
    began = time.process_time()
    for start, end in passages(text):
        assert text[start:end].strip()
    assert time.process_time() - began < 1


@given(st.text(max_size=400), st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_passages_are_where_they_say(text: str, query: str) -> None:
    for passage in highlights(text, query):
        assert text[passage.start : passage.end] == passage.text


@pytest.mark.parametrize(
    "headers",
    [
        {"expires": "Mon, 01 Jan 2024 00:00:00 +99999999999999999"},
        {"expires": "0"},
        {"cache-control": "max-age=60", "age": "9" * 5000},
        {"cache-control": "max-age=" + "9" * 5000},
        {"cache-control": "max-age=\u0663"},
    ],
)
def test_odd_headers_keep_a_body_for_some_time_or_none(headers: dict[str, str]) -> None:
    fresh_s = fresh_for(Fetched("https://a.example/", 200, headers=headers))
    assert fresh_s is None or fresh_s >= 0


def test_a_body_of_several_packed_ones_is_read_whole() -> None:
    unpacking = inflating("gzip")
    assert unpacking is not None
    assert b"".join(unpacking.feed(gzip.compress(b"one ") + gzip.compress(b"two"))) == b"one two"
