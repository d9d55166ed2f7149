"""How many tokens a text may be to a language model: rather too many than too few.

No vocabulary is at hand, and every model has another one. So each kind of character has a price at which the estimate
stays above what common vocabularies (cl100k, o200k) make of it, for prose, code, tables and addresses in many languages
and scripts; a test holds it against them, as text and as the JSON it is answered in.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from math import ceil

WORD_HEAD = 5  # Letters that are one token as a rule, where vocabularies are at home.
WORD_TAIL = 3  # Letters of a further one.
STRANGE_PART = 2  # Letters that are one token in all other languages, and in names and random letters.
NUMBER_PART = 2  # Digits.
CAPITALS_PART = 1.4  # Capitals in a row are cut small: names, Base64.

# Texts are full of these in the languages that vocabularies know best, and in code; elsewhere they are rare.
SMALL = (
    "the of and to in is that for it was with be by not are this or from have has had but you your they we what which "
    "when how can will would all their its "
    "der die das und ist nicht mit von zu ein eine auf auch sich dem als wird "
    "le la les des et un une que qui est dans pour pas sur du el los las del para como il che per non con em uma com "
    "self return if else import def class const function"
)
SMALL_WORDS = frozenset(SMALL.split())
SMALL_SHARE = 0.15  # Of all words.

RUN_MAX = 64  # Letters or digits that are priced together.
WORD = re.compile(rf"[A-Z]?[a-z]{{1,{RUN_MAX - 1}}}")
CAPITALS = re.compile(r"[A-Z](?![a-z])")
NUMBER = re.compile(rf"[0-9]{{1,{RUN_MAX}}}")
RUN = re.compile(r"[A-Za-z0-9+/]{24,}")
BLOB = re.compile(r"[a-z]{0,8}[A-Z0-9]")  # How a run begins that is no word: digests, keys, Base64.
BLOB_SURCHARGE = 0.35  # Of a character, beside what its letters and digits cost.
# A blank goes with the word behind it, and neither with a number nor with the end of a line.
SIGN = re.compile(r"[!-/:-@\[-`{-~\n\r\t]|  +| (?=[0-9\n\r\t])")
CHARACTERS_MAX = 5  # In a token, on the average of any text: blanks in a row are one, and still take their place.
SLACK = 3  # Of a short text, whose words may all be rare ones.
SLACK_SHARE = 1.02

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
CONTROL_PRICE = 3  # JSON writes six characters for one.

OTHER = 3.0  # What no vocabulary has together.
PRICED = (
    (re.compile(r"[\u0080-\u00ff\u2010-\u203a]"), 1.25),  # Western European letters and signs.
    (re.compile(r"[\u0100-\u024f\u1e00-\u1eff]"), 2.0),  # Latin with other marks.
    (re.compile(r"[\u0410-\u044f]"), 0.85),  # Cyrillic.
    (re.compile(r"[\u0400-\u040f\u0450-\u052f\u0591-\u05c7]"), 2.0),  # Cyrillic beyond Russian; Hebrew points.
    (re.compile(r"[\u0370-\u03ff\u05c8-\u06ff]"), 1.3),  # Greek, Hebrew, Arabic.
    (re.compile(r"[\u0900-\u09ff\u0b80-\u0bff\u0e00-\u0e7f]"), 1.5),  # Devanagari, Bengali, Tamil, Thai.
    (re.compile(r"[\u0a00-\u0b7f\u0c00-\u0dff]"), 2.2),  # Other scripts of India.
    (re.compile(r"[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uff9f]"), 2.0),  # Chinese, Japanese, Korean.
    (re.compile(r"[\U00010000-\U0001cfff\U00020000-\U0010ffff]"), 4.0),  # Their bytes.
)


def prices(head: int, tail: int) -> Callable[[int], int]:
    """Looks up what a run of so many characters costs: one token for its head, and one for each further part."""
    return [1 + ceil(max(0, length - head) / tail) for length in range(RUN_MAX + 1)].__getitem__


OF_WORD = prices(WORD_HEAD, WORD_TAIL)
OF_STRANGE_WORD = [max(1.0, length / STRANGE_PART) for length in range(RUN_MAX + 1)].__getitem__
OF_NUMBER = prices(NUMBER_PART, NUMBER_PART)


def estimate(text: str) -> int:
    """Tokens of a text, rounded up."""
    words = WORD.findall(text)
    tokens = float(sum(map(OF_WORD if is_at_home(words) else OF_STRANGE_WORD, map(len, words))))
    tokens += sum(map(OF_NUMBER, map(len, NUMBER.findall(text))))
    tokens += len(SIGN.findall(text)) + len(CAPITALS.findall(text)) / CAPITALS_PART
    tokens += CONTROL_PRICE * len(CONTROL.findall(text))
    tokens += BLOB_SURCHARGE * sum(len(run) for run in RUN.findall(text) if BLOB.match(run))
    if not text.isascii():
        tokens += of_foreign(text)
    return ceil(max(SLACK_SHARE * tokens, len(text) / CHARACTERS_MAX)) + SLACK if text else 0


def of_all(texts: Iterable[str]) -> int:
    return estimate("\n".join(texts))


def is_at_home(words: Sequence[str]) -> bool:
    """Tells whether the text is one that vocabularies were made from, so that they have most of its words whole."""
    return sum(map(SMALL_WORDS.__contains__, words)) >= SMALL_SHARE * len(words)


def of_foreign(text: str) -> float:
    tokens, priced = 0.0, 0
    for characters, price in PRICED:
        count = len(characters.findall(text))
        tokens += price * count
        priced += count
    beyond = sum(1 for character in text if character > "\x7f") - priced
    return tokens + OTHER * beyond
