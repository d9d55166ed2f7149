"""Answers cut to a budget: never over it, always further, and joined the whole."""

from dataclasses import dataclass
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flexura_search.domain import tokens
from flexura_search.domain.packing import HEAD_TOKENS, Cut, Entry, NoRoomError, Part, Place, cut

WORDS = st.lists(
    st.sampled_from(["otters", "swim.", "In", "kalt", "水獭", "42", "\n\n", "x" * 40, "𒀀𒀁" * 20]), max_size=300
)
TEXT = WORDS.map(" ".join)
ENTRIES = st.lists(
    st.builds(
        Entry,
        head=st.lists(st.text(max_size=30), max_size=3),
        passages=st.lists(st.text(max_size=200), max_size=4),
        text=TEXT,
        tail=st.lists(st.text(max_size=60), max_size=5),
    ),
    max_size=5,
)
ROOMS = st.lists(st.integers(0, 3000), min_size=1, max_size=6)
SETTINGS = settings(max_examples=100, deadline=None)


@dataclass
class Joined:
    """What a reader of all parts has."""

    texts: list[str]
    passages: list[list[str]]
    tails: list[list[str]]

    def add(self, entry: Entry, part: Part) -> None:
        assert part.text.start == len(self.texts[part.entry])
        self.texts[part.entry] += entry.text[part.text]
        self.passages[part.entry] += entry.passages[part.passages]
        self.tails[part.entry] += entry.tail[part.tail]


def cut_within(entries: list[Entry], place: Place, room: int) -> tuple[Cut, int]:
    """Cuts, with the room that the error names where there is too little; answers that room too."""
    try:
        return cut(entries, place, room), room
    except NoRoomError as error:
        return cut(entries, place, error.needed), error.needed


@given(ENTRIES, ROOMS)
@SETTINGS
def test_parts_fit_and_joined_are_the_whole_whatever_room_each_has(entries: list[Entry], rooms: list[int]) -> None:
    joined = Joined(["" for _ in entries], [[] for _ in entries], [[] for _ in entries])
    place: Place | None = Place()
    for room in cycle(rooms):
        if place is None:
            break
        taken, had = cut_within(entries, place, room)
        assert sum(part.tokens for part in taken.parts) == taken.tokens <= had
        for part in taken.parts:
            joined.add(entries[part.entry], part)
        # Each part goes on by something, so that asking on and on ends.
        assert taken.rest is None or (taken.rest != place and taken.parts)
        assert (taken.tokens_left > 0) == (taken.rest is not None)
        place = taken.rest
    assert joined.texts == [entry.text for entry in entries]
    assert joined.passages == [list(entry.passages) for entry in entries]
    assert joined.tails == [list(entry.tail) for entry in entries]


@given(ENTRIES)
@SETTINGS
def test_without_a_limit_all_is_taken_at_once(entries: list[Entry]) -> None:
    taken = cut(entries, Place(), None)
    assert taken.rest is None
    assert [part.entry for part in taken.parts] == list(range(len(entries)))


@given(ENTRIES.filter(bool), st.integers(0, 400))
@SETTINGS
def test_there_is_no_room_only_where_nothing_fits(entries: list[Entry], room: int) -> None:
    smallest = HEAD_TOKENS + tokens.of_all(entries[0].head)
    if room >= smallest:
        assert cut(entries, Place(), room).parts
    else:
        with pytest.raises(NoRoomError) as failed:
            cut(entries, Place(), room)
        assert failed.value.needed == smallest


def test_a_text_is_cut_at_the_end_of_a_sentence() -> None:
    text = " ".join(f"Sentence {number} is short." for number in range(200))
    (part,) = cut([Entry([], [], text)], Place(), HEAD_TOKENS + 200).parts
    assert text[part.text].rstrip().endswith(".")


def test_a_room_for_less_than_a_head_is_none() -> None:
    with pytest.raises(NoRoomError):
        cut([Entry(["title"], [], "text")], Place(), HEAD_TOKENS // 2)


def test_what_is_empty_is_given_once() -> None:
    taken = cut([Entry([]), Entry(["", ""], ["", ""], "", [""])], Place(), 2000)
    assert [part.entry for part in taken.parts] == [0, 1]
    assert taken.rest is None
    assert cut([], Place(), 0).rest is None
