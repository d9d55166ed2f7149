"""A bounded memory of what was used lately."""

from hypothesis import given
from hypothesis import strategies as st

from flexura_search.lately import Lately


def test_what_was_not_used_for_longest_goes_first() -> None:
    lately: Lately[str, int] = Lately(2)
    lately.put("a", 1)
    lately.put("b", 2)
    assert lately.get("a") == 1
    lately.put("c", 3)
    assert [lately.get(key) for key in "abc"] == [1, None, 3]


def test_what_is_heavy_makes_room_for_itself() -> None:
    lately: Lately[str, int] = Lately(10, weight_max=10)
    lately.put("a", 1, 4)
    lately.put("b", 2, 4)
    lately.put("c", 3, 9)
    assert [lately.get(key) for key in "abc"] == [None, None, 3]


def test_what_is_too_heavy_is_not_kept_and_nothing_goes_for_it_but_what_it_replaces() -> None:
    lately: Lately[str, int] = Lately(10, weight_max=10)
    lately.put("a", 1, 4)
    lately.put("b", 2, 4)
    lately.put("a", 3, 11)
    assert [lately.get(key) for key in "ab"] == [None, 2]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 12))))
def test_neither_the_weight_nor_the_number_is_ever_too_large(puts: list[tuple[int, int]]) -> None:
    lately: Lately[int, int] = Lately(4, weight_max=10)
    for key, weight in puts:
        lately.put(key, weight, weight)
        held = [value for value in map(lately.get, range(7)) if value is not None]
        assert len(held) <= 4
        assert sum(held) <= 10
        assert (lately.get(key) == weight) == (weight <= 10)


def test_what_is_too_old_goes_when_more_is_put() -> None:
    now = 0.0
    lately: Lately[str, str] = Lately(100, 100, age_s_max=60.0, clock=lambda: now)
    for number in range(10):
        lately.put(f"old {number}", "x" * 10, 10)
    now = 61.0
    lately.put("new", "y", 1)
    assert [lately.get(f"old {number}") for number in range(10)] == [None] * 10
    assert lately.get("new") == "y"
