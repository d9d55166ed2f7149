"""Answers cut to a budget of tokens, so that the parts joined are the whole."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flexura_search.domain import tokens

# Names of fields, braces, numbers: what JSON needs beside the texts, rather too much than too little.
HEAD_TOKENS = 170
PASSAGE_TOKENS = 40
TAIL_TOKENS = 4
BLOCK_CHARACTERS = 512  # Are priced at once while it is looked how much of a text fits.
SAMPLE_CHARACTERS = 4000
ENDS = ("\n\n", "\n", "\u3002", "\uff01", "\uff1f", ". ", "! ", "? ", " ")  # Where a text may be cut, the best first.
CUT_BACK = 1 / 3  # Of what fits may be given up for a better place to cut.


@dataclass(frozen=True, slots=True)
class Entry:
    """One result or page, as texts."""

    head: Sequence[str]
    """What tells which page it is; goes with each part of it."""
    passages: Sequence[str] = ()
    text: str = ""
    tail: Sequence[str] = ()
    """What comes behind the text, each piece whole."""

    @property
    def characters(self) -> int:
        return len(self.text) + sum(map(len, (*self.head, *self.passages, *self.tail)))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes on: an entry, and how much of it has been given."""

    entry: int = 0
    is_begun: bool = False
    passage: int = 0
    character: int = 0
    tail: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """What an answer has of one entry."""

    entry: int
    is_continued: bool
    passages: slice
    text: slice
    tail: slice
    tokens: int


@dataclass(frozen=True, slots=True)
class Cut:
    """One answer's worth."""

    parts: tuple[Part, ...]
    tokens: int
    rest: Place | None
    """Where the next answer begins; None where all was given."""
    tokens_left: int
    """About what the rest has."""


class NoRoomError(Exception):
    """The budget has not even room for what comes next."""

    def __init__(self, needed: int) -> None:
        super().__init__(f"at least {needed} tokens are needed")
        self.needed = needed


def cut(entries: Sequence[Entry], place: Place, room: int | None) -> Cut:
    """Takes what fits into so many tokens, all where there is no limit; raises NoRoomError where nothing does."""
    parts: list[Part] = []
    left = room
    while place.entry < len(entries):
        entry = entries[place.entry]
        part, place_after = take(entry, place, left)
        if part is None:
            if not parts:
                raise NoRoomError((room or 0) + needed_beyond(entry, place, left or 0))
            break
        parts.append(part)
        place = place_after
        if left is not None:
            left -= part.tokens
        if place.is_begun:
            break  # It did not fit as a whole, so nothing else does.
    rest = place if place.entry < len(entries) else None
    used = sum(part.tokens for part in parts)
    return Cut(tuple(parts), used, rest, tokens_left(entries, rest) if rest else 0)


def take(entry: Entry, place: Place, room: int | None) -> tuple[Part | None, Place]:
    """Takes of one entry what fits; None where not even something of it does."""
    used = HEAD_TOKENS + tokens.of_all(entry.head)
    if room is not None and used > room:
        return None, place
    passage, character, tail = place.passage, place.character, place.tail
    while passage < len(entry.passages):
        price = PASSAGE_TOKENS + tokens.estimate(entry.passages[passage])
        if room is not None and used + price > room:
            break
        passage, used = passage + 1, used + price
    if passage == len(entry.passages) and character < len(entry.text):
        character, price = fitting(entry.text, character, None if room is None else room - used)
        used += price
    is_text_whole = passage == len(entry.passages) and character == len(entry.text)
    while is_text_whole and tail < len(entry.tail):
        price = TAIL_TOKENS + tokens.estimate(entry.tail[tail])
        if room is not None and used + price > room:
            break
        tail, used = tail + 1, used + price
    is_whole = is_text_whole and tail == len(entry.tail)
    after = Place(place.entry + 1) if is_whole else Place(place.entry, True, passage, character, tail)
    if after == replace(place, is_begun=True) and place.is_begun:
        return None, place
    passages, text = slice(place.passage, passage), slice(place.character, character)
    return Part(place.entry, place.is_begun, passages, text, slice(place.tail, tail), used), after


def fitting(text: str, start: int, room: int | None) -> tuple[int, int]:
    """Finds where to cut the text so that the part from `start` fits, and what that part costs."""
    used, end = 0, start
    while end < len(text):
        block_end = min(len(text), end + BLOCK_CHARACTERS)
        price = tokens.estimate(text[end:block_end])
        if room is not None and used + price > room:
            return cut_back(text, start, end, used, room)
        end, used = block_end, used + price
    return end, used


def cut_back(text: str, start: int, end: int, base: int, room: int) -> tuple[int, int]:
    """Looks in the last block how far the room reaches, and goes back from there to the end of a sentence or word."""
    reach = min(len(text), end + BLOCK_CHARACTERS)
    while reach > end and base + tokens.estimate(text[end:reach]) > room:
        reach -= 16
    reach = max(reach, end)
    earliest = start + int((reach - start) * (1 - CUT_BACK))
    for mark in ENDS:
        at = text.rfind(mark, earliest, reach)
        if at >= 0:
            reach = at + len(mark)
            break
    return reach, base + (tokens.estimate(text[end:reach]) if reach > end else 0)


def needed_beyond(entry: Entry, place: Place, room: int) -> int:
    """How many tokens were missing to give the next piece of the entry."""
    needed = HEAD_TOKENS + tokens.of_all(entry.head)
    if place.is_begun:
        if place.passage < len(entry.passages):
            needed += PASSAGE_TOKENS + tokens.estimate(entry.passages[place.passage])
        elif place.character < len(entry.text):
            needed += BLOCK_CHARACTERS
        else:
            needed += TAIL_TOKENS + tokens.estimate(entry.tail[place.tail])
    return max(1, needed - room)


def tokens_left(entries: Sequence[Entry], place: Place) -> int:
    left = 0
    for number in range(place.entry, len(entries)):
        entry = entries[number]
        passage, character, tail = (place.passage, place.character, place.tail) if number == place.entry else (0, 0, 0)
        left += HEAD_TOKENS + tokens.of_all(entry.head)
        left += sum(PASSAGE_TOKENS + tokens.estimate(text) for text in entry.passages[passage:])
        left += roughly(entry.text, character)
        left += sum(TAIL_TOKENS + tokens.estimate(text) for text in entry.tail[tail:])
    return left


def roughly(text: str, start: int) -> int:
    """Prices the beginning and takes the rest for alike: nobody waits for the price of what is not answered."""
    sample = text[start : start + SAMPLE_CHARACTERS]
    if not sample:
        return 0
    return round(tokens.estimate(sample) * (len(text) - start) / len(sample))
