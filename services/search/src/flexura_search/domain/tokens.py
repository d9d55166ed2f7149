"""How many tokens a text may be to a language model: rather too many than too few.

No vocabulary is at hand, and every model has another one. So each kind of character has a price at which the estimate
stays above what common vocabularies (cl100k, o200k) make of it, for prose, code, tables and addresses in many
scripts; a test holds it against them. A text costs no more than its parts together.
"""

import re
from collections.abc import Callable, Iterable
from math import ceil

WORD_HEAD = 5  # Letters that are one token as a rule.
WORD_TAIL = 3  # Letters of a further one.
NUMBER_PART = 2  # Digits.
CAPITALS_PART = 1.4  # Capitals in a row are cut small: names, Base64.

RUN_MAX = 64  # Letters or digits that are priced together.
WORD = re.compile(rf"[A-Z]?[a-z]{{1,{RUN_MAX - 1}}}")
CAPITALS = re.compile(r"[A-Z](?![a-z])")
NUMBER = re.compile(rf"[0-9]{{1,{RUN_MAX}}}")
RUN = re.compile(r"[A-Za-z0-9+/]{24,}")
BLOB = re.compile(r"[a-z]{0,8}[A-Z0-9]")  # How a run begins that is no word: digests, keys, Base64.
BLOB_SURCHARGE = 0.35  # Of a character, beside what its letters and digits cost.
SIGN = re.compile(r"[!-/:-@\[-`{-~\n\r\t]|  +| (?=[0-9])")  # A blank goes with the word behind it, not with a number.
CHARACTERS_MAX = 5  # In a token, on the average of any text: blanks in a row are one, and still take their place.
SLACK = 3  # Of a short text, whose words may all be rare ones.
SLACK_SHARE = 1.02

OTHER = 3.0  # What no vocabulary has together: four bytes at most.
PRICED = (
    (re.compile(r"[\u0080-\u00ff\u2010-\u203a]"), 1.25),  # Western European letters and signs.
    (re.compile(r"[\u0100-\u024f\u1e00-\u1eff]"), 2.0),  # Latin with other marks.
    (re.compile(r"[\u0400-\u052f]"), 0.85),  # Cyrillic.
    (re.compile(r"[\u0370-\u03ff\u0590-\u06ff]"), 1.3),  # Greek, Hebrew, Arabic.
    (re.compile(r"[\u0e00-\u0e7f]"), 1.5),  # Thai.
    (re.compile(r"[\u0900-\u0dff]"), 1.5),  # Scripts of India.
    (re.compile(r"[\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uff9f]"), 2.0),  # Chinese, Japanese, Korean.
)


def prices(head: int, tail: int) -> Callable[[int], int]:
    """Looks up what a run of so many characters costs: one token for its head, and one for each further part."""
    return [1 + ceil(max(0, length - head) / tail) for length in range(RUN_MAX + 1)].__getitem__


OF_WORD = prices(WORD_HEAD, WORD_TAIL)
OF_NUMBER = prices(NUMBER_PART, NUMBER_PART)


def estimate(text: str) -> int:
    """Tokens of a text, rounded up."""
    tokens = float(sum(map(OF_WORD, map(len, WORD.findall(text)))))
    tokens += sum(map(OF_NUMBER, map(len, NUMBER.findall(text))))
    tokens += len(SIGN.findall(text)) + len(CAPITALS.findall(text)) / CAPITALS_PART
    tokens += BLOB_SURCHARGE * sum(len(run) for run in RUN.findall(text) if BLOB.match(run))
    if not text.isascii():
        tokens += of_foreign(text)
    return ceil(max(SLACK_SHARE * tokens, len(text) / CHARACTERS_MAX)) + SLACK if text else 0


def of_all(texts: Iterable[str]) -> int:
    return estimate("\n".join(texts))


def of_foreign(text: str) -> float:
    tokens, priced = 0.0, 0
    for characters, price in PRICED:
        count = len(characters.findall(text))
        tokens += price * count
        priced += count
    beyond = sum(1 for character in text if character > "\x7f") - priced
    return tokens + OTHER * beyond
