"""Answers cut to a budget: never over it, always further, and joined the whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flexura_search.domain.packing import HEAD_TOKENS, Entry, NoRoomError, Place, cut

WORDS = st.lists(st.sampled_from(["otters", "swim.", "In", "kalt", "水獭", "42", "\n\n", "x" * 40]), max_size=300)
TEXT = WORDS.map(" ".join)
ENTRIES = st.lists(
    st.builds(
        Entry,
        head=st.lists(st.text(max_size=30), max_size=3),
        passages=st.lists(st.text(min_size=1, max_size=200), max_size=4),
        text=TEXT,
        tail=st.lists(st.text(min_size=1, max_size=60), max_size=5),
    ),
    max_size=5,
)
ENOUGH = 1500  # For the head and the next passage of any entry above.


@given(ENTRIES, st.integers(ENOUGH, 6000))
@settings(max_examples=200, deadline=None)
def test_parts_fit_and_joined_are_the_whole(entries: list[Entry], room: int) -> None:
    texts = [""] * len(entries)
    passages: list[list[str]] = [[] for _ in entries]
    tails: list[list[str]] = [[] for _ in entries]
    place: Place | None = Place()
    while place is not None:
        taken = cut(entries, place, room)
        assert taken.tokens <= room
        assert taken.tokens == sum(part.tokens for part in taken.parts)
        for part in taken.parts:
            assert part.text.start == len(texts[part.entry])
            texts[part.entry] += entries[part.entry].text[part.text]
            passages[part.entry] += entries[part.entry].passages[part.passages]
            tails[part.entry] += entries[part.entry].tail[part.tail]
        assert taken.rest is None or (taken.rest != place and taken.parts)
        assert (taken.tokens_left > 0) == (taken.rest is not None)
        place = taken.rest
    assert texts == [entry.text for entry in entries]
    assert passages == [list(entry.passages) for entry in entries]
    assert tails == [list(entry.tail) for entry in entries]


@given(ENTRIES)
@settings(max_examples=100, deadline=None)
def test_without_a_limit_all_is_taken_at_once(entries: list[Entry]) -> None:
    taken = cut(entries, Place(), None)
    assert taken.rest is None
    assert [part.entry for part in taken.parts] == list(range(len(entries)))


@given(ENTRIES.filter(bool), st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_where_nothing_fits_the_error_names_a_room_that_does(entries: list[Entry], room: int) -> None:
    needed = room_needed(entries, room)
    assert needed == room or cut(entries, Place(), needed).parts


def room_needed(entries: list[Entry], room: int) -> int:
    try:
        cut(entries, Place(), room)
    except NoRoomError as error:
        return error.needed
    return room


def test_a_text_is_cut_at_the_end_of_a_sentence() -> None:
    text = " ".join(f"Sentence {number} is short." for number in range(200))
    (part,) = cut([Entry([], [], text)], Place(), HEAD_TOKENS + 200).parts
    assert text[part.text].rstrip().endswith(".")


def test_a_room_for_less_than_a_head_is_none() -> None:
    with pytest.raises(NoRoomError):
        cut([Entry(["title"], [], "text")], Place(), HEAD_TOKENS // 2)
