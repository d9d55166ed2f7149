"""Fair shares, how many hints a queue takes, and how many were lost."""

from collections import Counter, deque
from heapq import heappop, heappush

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexura_jobs.domain.fair_share import FairShare
from flexura_jobs.domain.queue import Pace, WorkerPresence, lost_hints, room, slots_serving
from flexura_kit.ids import AccountId

A, B, C = AccountId("a"), AccountId("b"), AccountId("c")

QUEUES = st.dictionaries(st.text("abcdef", min_size=1, max_size=2).map(AccountId), st.integers(0, 30), max_size=8).map(
    lambda lengths: {account: [(account, n) for n in range(length)] for account, length in lengths.items()}
)


def test_a_noisy_account_does_not_delay_a_quiet_one() -> None:
    share = FairShare()
    assert share.pick({A: [f"a{n}" for n in range(1000)], B: ["b0"], C: ["c0"]}, 4, 0) == ["a0", "b0", "c0", "a1"]
    assert share.last_served == A


def test_the_next_look_goes_on_after_the_account_served_last() -> None:
    share = FairShare()
    waiting = {A: ["a"], B: ["b"], C: ["c"]}
    assert [share.pick(waiting, 1, 0) for _ in range(4)] == [["a"], ["b"], ["c"], ["a"]]


def test_nothing_waiting_changes_nothing() -> None:
    share = FairShare()
    assert share.pick({A: []}, 4, 8) == []
    assert share.last_served is None


def test_who_comes_anew_catches_up_on_the_turns_that_are_still_under_way_and_on_no_others() -> None:
    share = FairShare()
    share.pick({A: range(100)}, 100, 0)
    assert share.pick({A: ["a"] * 9, B: ["b"] * 9}, 6, 3) == ["b", "b", "b", "b", "a", "b"]


def test_who_was_away_has_saved_up_nothing_and_owes_nothing() -> None:
    share = FairShare()
    share.pick({A: range(50), B: range(50)}, 100, 0)
    share.pick({A: range(1000)}, 1000, 0)
    assert sorted(share.pick({A: ["a"] * 9, B: ["b"] * 9}, 8, 0)) == ["a"] * 4 + ["b"] * 4
    assert sorted(share.pick({B: ["b"] * 9, C: ["c"] * 9}, 8, 0)) == ["b"] * 4 + ["c"] * 4


@pytest.mark.parametrize("moment", [10.05, 10.35, 10.65, 10.95])
@pytest.mark.parametrize("slots", [*range(1, 10), *range(14, 34), 64, 500])
def test_ten_jobs_beside_five_thousand_wait_at_most_twice_as_long_as_alone_and_one_job(
    slots: int, moment: float
) -> None:
    alone = waits(slots, {B: (0.0, 10)})[B]
    beside = waits(slots, {A: (0.0, 5000), B: (moment, 10)})[B]
    assert max(beside) <= 2 * max(alone) + 1.0


@pytest.mark.parametrize("moment", [10.05, 10.35, 10.65, 10.95])
@pytest.mark.parametrize("slots", [10, 11, 12, 13])
def test_where_ten_jobs_alone_would_fill_the_slots_hints_that_were_sent_before_cost_some_a_second_job(
    slots: int, moment: float
) -> None:
    """They need not wait at all when alone; not to send a hint ahead would keep the bound and let slots idle."""
    alone = waits(slots, {B: (0.0, 10)})[B]
    beside = waits(slots, {A: (0.0, 5000), B: (moment, 10)})[B]
    assert max(alone) == 0.0
    assert max(beside) < 3.0
    assert sum(wait > 1.0 for wait in beside) <= 4


def waits(slots: int, submitted: dict[AccountId, tuple[float, int]]) -> dict[AccountId, list[float]]:
    """Plays dispatcher and workers, with jobs that take one second; answers how long B's jobs waited."""
    share, pace, now = FairShare(), Pace(), 0.0
    coming = {account: deque([at] * count) for account, (at, count) in submitted.items()}
    stream: deque[tuple[AccountId, float]] = deque()
    running: list[float] = []
    waited: dict[AccountId, list[float]] = {account: [] for account in submitted}
    while len(waited[B]) < submitted[B][1]:
        here = {account: jobs for account, jobs in coming.items() if jobs and jobs[0] <= now}
        free = room(len(stream), slots - len(running), pace.per_s(now))
        if here and free:
            named = {account: [account] * len(jobs) for account, jobs in here.items()}
            picked = share.pick(named, free, len(stream) + slots + free)
            pace.add(len(picked), now)
            stream += [(account, coming[account].popleft()) for account in picked]
            continue
        if stream and len(running) < slots:
            account, at = stream.popleft()
            waited[account].append(now - at)
            heappush(running, now + 1.0)
            continue
        arrivals = [jobs[0] for jobs in coming.values() if jobs and jobs[0] > now]
        now = min([*running[:1], *arrivals])
        while running and running[0] <= now:
            heappop(running)
    return waited


@given(queues=QUEUES, free=st.integers(0, 40), last=st.sampled_from([None, A, B, C]))
def test_turns_fill_the_room_in_order_and_differ_by_one_at_most(
    queues: dict[AccountId, list[tuple[AccountId, int]]], free: int, last: AccountId | None
) -> None:
    share = FairShare()
    share.last_served = last
    picked = share.pick(queues, free, 0)
    assert len(picked) == min(free, sum(map(len, queues.values())))
    assert len(set(picked)) == len(picked)
    served = Counter(account for account, _ in picked)
    for account, count in served.items():
        assert [n for owner, n in picked if owner == account] == list(range(count))
    most = max(served.values(), default=0)
    assert all(served[account] >= min(most - 1, len(queue)) for account, queue in queues.items())


def test_a_queue_without_workers_still_holds_hints() -> None:
    assert room(hinted=0, idle_slots=0) == 4
    assert room(hinted=4, idle_slots=0) == 0


def test_a_queue_holds_a_hint_for_each_idle_slot_and_a_few() -> None:
    assert room(hinted=3, idle_slots=16) == 17
    assert room(hinted=40, idle_slots=16) == 0
    assert room(hinted=3, idle_slots=-2) == 1


def test_a_queue_whose_jobs_go_fast_holds_hints_for_the_next_moment() -> None:
    pace = Pace()
    for moment in range(100):
        pace.add(4, now=moment / 100)
    assert room(hinted=0, idle_slots=0, per_s=pace.per_s(now=1.0)) == 4 + 12
    assert room(hinted=0, idle_slots=0, per_s=pace.per_s(now=1.5)) == 4 + 6
    assert room(hinted=0, idle_slots=0, per_s=pace.per_s(now=3.0)) == 4


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
