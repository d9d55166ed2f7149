"""The words of a prompt, and what became of each."""

import re
import unicodedata
from collections.abc import Mapping
from typing import TypeVar

WORDS_MAX = 2000
UNKNOWN_MAX = 20
WORD_CHARACTERS_MAX = 40
PHRASE_WORDS_MAX = 4
WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
# Says nothing of what is to be seen or heard.
LITTLE_WORDS = frozenset(
    WORD.findall(
        "a an the of in on at with and or to for from by over under into near its his her their my your is are be it "
        "that this these those some any very into onto as while through between behind beside before after against "
        "up down out off who which where there has have having one"
    )
)

T = TypeVar("T")


def named(*groups: tuple[T, str]) -> dict[str, T]:
    """A vocabulary, from each meaning with its words: `(meaning, "a word, a phrase")`."""
    return {word: meaning for meaning, words in groups for word in words.split(", ")}


class Prompt:
    """A prompt in words. Whoever looks for some marks them as understood; what nobody looked for stays unknown."""

    def __init__(self, text: str) -> None:
        plain = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
        self.words = [word[:WORD_CHARACTERS_MAX] for word in WORD.findall(plain)[:WORDS_MAX]]
        self._understood: set[int] = set()

    def find(self, vocabulary: Mapping[str, T]) -> list[T]:
        """What the prompt names of a vocabulary of words and phrases, once each and in order; a plural counts too."""
        found: list[T] = []
        start = 0
        while start < len(self.words):
            length = self._length_at(start, vocabulary)
            if length:
                value = vocabulary[self._phrase_at(start, length, vocabulary)]
                if value not in found:
                    found.append(value)
                self._understood.update(range(start, start + length))
            start += max(1, length)
        return found

    @property
    def unknown(self) -> list[str]:
        """Words that say something, and that nobody understood."""
        unknown = [
            word for place, word in enumerate(self.words) if place not in self._understood and word not in LITTLE_WORDS
        ]
        return list(dict.fromkeys(unknown))[:UNKNOWN_MAX]

    def _length_at(self, start: int, vocabulary: Mapping[str, T]) -> int:
        longest = min(PHRASE_WORDS_MAX, len(self.words) - start)
        return next((n for n in range(longest, 0, -1) if self._phrase_at(start, n, vocabulary)), 0)

    def _phrase_at(self, start: int, length: int, vocabulary: Mapping[str, T]) -> str:
        phrase = " ".join(self.words[start : start + length])
        return next((form for form in (phrase, *singulars(phrase)) if form in vocabulary), "")


def singulars(phrase: str) -> list[str]:
    """What a phrase may be the plural of; an `'s` goes too."""
    phrase = phrase.removesuffix("'s")
    endings = (("ies", "y"), ("ves", "f"), ("es", ""), ("s", ""), ("", ""))
    return [phrase.removesuffix(ending) + instead for ending, instead in endings if phrase.endswith(ending)]
