"""Fair shares, how many hints a queue takes, and how many were lost."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from flexura_jobs.domain.fair_share import turns
from flexura_jobs.domain.queue import WorkerPresence, lost_hints, room, slots_serving
from flexura_kit.ids import AccountId

A, B, C = AccountId("a"), AccountId("b"), AccountId("c")

QUEUES = st.dictionaries(st.text("abcdef", min_size=1, max_size=2).map(AccountId), st.integers(0, 30), max_size=8).map(
    lambda lengths: {account: [(account, n) for n in range(length)] for account, length in lengths.items()}
)


def test_a_noisy_account_does_not_delay_a_quiet_one() -> None:
    picked, last = turns({A: [f"a{n}" for n in range(1000)], B: ["b0"], C: ["c0"]}, 4, None)
    assert picked == ["a0", "b0", "c0", "a1"]
    assert last == A


def test_the_next_look_goes_on_after_the_account_served_last() -> None:
    assert turns({A: ["a0"], B: ["b0"], C: ["c0"]}, 1, A) == (["b0"], B)
    assert turns({A: ["a0"], B: ["b0"]}, 1, C) == (["a0"], A)


def test_nothing_waiting_changes_nothing() -> None:
    assert turns({}, 4, B) == ([], B)


@given(queues=QUEUES, free=st.integers(0, 40), last=st.sampled_from([None, A, B, C]))
def test_turns_fill_the_room_in_order_and_differ_by_one_at_most(
    queues: dict[AccountId, list[tuple[AccountId, int]]], free: int, last: AccountId | None
) -> None:
    picked, _ = turns(queues, free, last)
    assert len(picked) == min(free, sum(map(len, queues.values())))
    assert len(set(picked)) == len(picked)
    served = Counter(account for account, _ in picked)
    for account, count in served.items():
        assert [n for owner, n in picked if owner == account] == list(range(count))
    most = max(served.values(), default=0)
    assert all(served[account] >= min(most - 1, len(queue)) for account, queue in queues.items())


def test_a_queue_without_workers_still_holds_hints() -> None:
    assert room(hinted=0, slots=0) == 4
    assert room(hinted=4, slots=0) == 0


def test_a_queue_holds_twice_as_many_hints_as_there_are_slots() -> None:
    assert room(hinted=3, slots=16) == 29
    assert room(hinted=40, slots=16) == 0


def test_slots_count_where_the_provider_is_known() -> None:
    workers = [WorkerPresence("w1", frozenset({"p", "q"}), 4), WorkerPresence("w2", frozenset({"q"}), 3)]
    assert (slots_serving("p", workers), slots_serving("q", workers), slots_serving("r", workers)) == (4, 7, 0)


def test_hints_that_nobody_will_deliver_are_counted() -> None:
    assert lost_hints(hinted=4, hinted_long_ago=4, undelivered=0) == 4
    assert lost_hints(hinted=4, hinted_long_ago=4, undelivered=3) == 1
    assert lost_hints(hinted=1, hinted_long_ago=1, undelivered=9) == 0


def test_young_hints_do_not_pass_for_old_ones_that_were_lost() -> None:
    assert lost_hints(hinted=8, hinted_long_ago=3, undelivered=5) == 3
    assert lost_hints(hinted=8, hinted_long_ago=1, undelivered=5) == 1
    assert lost_hints(hinted=8, hinted_long_ago=0, undelivered=5) == 0
