"""The bounded memory."""

from flexura_edge.recent import Recent


def test_a_value_is_forgotten_after_its_time() -> None:
    now = 0.0
    recent: Recent[str, int] = Recent(10, 60.0, lambda: now)
    recent.put("a", 1)
    now = 59.9
    assert recent.get("a") == 1
    now = 60.0
    assert recent.get("a") is None


def test_the_least_recently_used_goes_first() -> None:
    recent: Recent[str, int] = Recent(2, 60.0)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert recent.get("b") is None
    assert dict(recent.items()) == {"a": 1, "c": 3}


def test_what_is_expired_goes_though_nobody_asks_for_it() -> None:
    now = 0.0
    recent: Recent[str, int] = Recent(10_000, 60.0, lambda: now)
    for number in range(1000):
        now = number / 10
        recent.put(str(number), number)
        assert len(recent) <= 600
    recent.get("999")
    recent.forget("998")
    now = 159.0
    recent.drop_expired()
    assert sorted(key for key, _ in recent.items()) == [str(number) for number in range(991, 998)] + ["999"]
    now = 160.0
    recent.drop_expired()
    assert (len(recent), recent.size_bytes) == (0, 0)


def test_large_values_are_kept_as_far_as_there_is_room() -> None:
    recent: Recent[int, bytes] = Recent(10_000, 60.0, bytes_max=100_000, size_of=len)
    for number in range(1000):
        recent.put(number % 300, bytes(20 * number))
        assert recent.size_bytes <= 100_000
        assert recent.size_bytes >= sum(map(len, recent.values()))
    assert recent.get(999 % 300) == bytes(20 * 999)
    recent.put(0, bytes(200_000))
    assert len(recent) == 0


def test_an_expired_mark_of_what_was_forgotten_does_not_keep_it_from_being_learned() -> None:
    now = 0.0
    recent: Recent[str, int] = Recent(10, 60.0, lambda: now)
    recent.forget("a")
    now = 60.0
    recent.learn("a", 1)
    assert recent.get("a") == 1


def test_using_a_value_does_not_lengthen_its_life() -> None:
    now = 0.0
    recent: Recent[str, int] = Recent(10, 60.0, lambda: now)
    recent.put("a", 1)
    now = 59.0
    assert recent.get("a") == 1
    now = 61.0
    assert recent.get("a") is None


def test_a_dropped_value_is_gone_and_dropping_it_again_is_no_fault() -> None:
    recent: Recent[str, int] = Recent(10, 60.0)
    recent.put("a", 1)
    recent.drop("a")
    recent.drop("a")
    assert recent.values() == []


def test_what_was_forgotten_is_not_learned_again_by_a_read_that_was_under_way() -> None:
    now = 0.0
    recent: Recent[str, int] = Recent(10, 60.0, lambda: now)
    recent.learn("a", 1)
    recent.learn("a", 2)
    assert recent.get("a") == 1
    recent.forget("a")
    recent.learn("a", 1)
    assert recent.get("a") is None
    assert recent.items() == []
    now = 60.0
    assert recent.get("a") is None
    recent.learn("a", 3)
    assert recent.get("a") == 3
