"""Passages of a text, and how well each answers a query."""

import logging
import re
import unicodedata
from collections.abc import Iterator

import bm25s

from flexura_search.domain.pages import Passage

PASSAGE_CHARACTERS = 300
PASSAGE_CHARACTERS_MAX = 600
PASSAGES_BEST = 5
PASSAGES_MAX = 20_000
QUERY_TOKENS_MAX = 200
# A sentence ends with its marks and the brackets behind them, or with its line. Latin marks need a blank to follow,
# for 3.5 is no end; the others do not. What follows is looked at outside the pattern: a pattern that may fail after a
# run of marks would look at the rest of the run again from each of them, and a page may be all dots.
LATIN, OTHER, CLOSING = ".!?…", "。！？۔।॥｡", "\"'”’»)\\]*_"  # noqa: RUF001 - marks of East Asia.
MARKS = re.compile(rf"\n|[{LATIN}]+[{CLOSING}]*|[{OTHER}]+[{CLOSING}」』”’）]*")  # noqa: RUF001 - as above.
COMBINING = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]")
# Scripts that put no blanks between words, or glue endings to them: pairs of characters stand for words.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
TOKEN = re.compile(f"[{UNSPACED}]+|(?:(?![{UNSPACED}])[\\w\u0900-\u0dff])+")
IS_UNSPACED = re.compile(f"[{UNSPACED}]")
NO_TOKEN = ""

# It sets itself to say everything.
logging.getLogger("bm25s").setLevel(logging.WARNING)


def highlights(text: str, query: str) -> tuple[Passage, ...]:
    """The passages that answer best, the best first; their scores are shares of the best one's."""
    asked = list(dict.fromkeys(tokens(query)))[:QUERY_TOKENS_MAX]
    places = list(passages(text))[:PASSAGES_MAX]
    if not asked or not places:
        return ()
    scores = _scores(asked, [tokens(text[start:end]) for start, end in places])
    best = sorted(range(len(places)), key=lambda number: (-scores[number], number))[:PASSAGES_BEST]
    found = [number for number in best if scores[number] > 0]
    return tuple(
        Passage(
            text[places[number][0] : places[number][1]], places[number][0], _share(scores[number], scores[found[0]])
        )
        for number in found
    )


def passages(text: str) -> Iterator[tuple[int, int]]:
    """Cuts a text at the ends of sentences; gives the places of the passages, blanks at their ends left out."""
    start = end = -1
    for first, last in _sentences(text):
        if start >= 0 and last - start > PASSAGE_CHARACTERS:
            yield start, end
            start = -1
        if start < 0:
            start = first
        end = last
    if start >= 0:
        yield start, end


def tokens(text: str) -> list[str]:
    """Words in lower case without accents; pairs of characters where a script sets no blanks."""
    folded = text
    if not text.isascii():
        folded = unicodedata.normalize("NFC", COMBINING.sub("", unicodedata.normalize("NFKD", text)))
    found: list[str] = []
    for token in TOKEN.findall(folded.casefold()):
        if len(token) > 1 and IS_UNSPACED.match(token):
            found += [token[place : place + 2] for place in range(len(token) - 1)]
        else:
            found.append(token)
    return found


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for marks in MARKS.finditer(text):
        first, end = marks[0][0], marks.end()
        if first in LATIN and not text[end : end + 1].isspace() and end < len(text):
            continue
        yield from _trimmed(text, start, marks.start() if first == "\n" else end)
        start = end
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The place without its blanks, in parts where it is too long for a passage."""
    while end - start > PASSAGE_CHARACTERS_MAX:
        cut = text.rfind(" ", start + PASSAGE_CHARACTERS, start + PASSAGE_CHARACTERS_MAX)
        cut = cut if cut > 0 else start + PASSAGE_CHARACTERS_MAX
        yield from _trimmed(text, start, cut)
        start = cut
    part = text[start:end]
    first = start + len(part) - len(part.lstrip())
    last = end - (len(part) - len(part.rstrip()))
    if first < last:
        yield first, last


def _scores(asked: list[str], corpus: list[list[str]]) -> list[float]:
    wanted = set(asked)
    # What nobody asked for counts for the length of a passage only; as one token, it costs next to nothing.
    reduced = [[token if token in wanted else NO_TOKEN for token in passage] for passage in corpus]
    known = wanted.intersection(token for passage in reduced for token in passage)
    if not known:
        return [0.0] * len(corpus)
    index = bm25s.BM25(method="lucene")
    index.index(reduced, show_progress=False, create_empty_token=False)
    return [float(score) for score in index.get_scores([token for token in asked if token in known])]


def _share(score: float, best: float) -> float:
    return round(min(1.0, score / best), 4)
