"""Positions in the queue and times to the end, estimated from made-up looks at it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.jobs.test_offers import model

from flexura_jobs.dispatch.outlooks import Outlooks, pause_s
from flexura_jobs.domain.fair_share import FairShare
from flexura_jobs.domain.jobs import Job, JobState, MediaType
from flexura_jobs.domain.outlook import LEFT_MS_MIN, NO_OUTLOOK, Outlook, QueueLook, Run, RunTimes, outlook_of
from flexura_jobs.domain.places import MARKED_PLACES, Mark, Turns
from flexura_jobs.domain.queue import WorkerPresence
from flexura_jobs.domain.work_units import units_of
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, JobId, WorkerId

PAINTER, SKETCHER = model("painter", "studio"), model("sketcher", "studio")
MODELS = [PAINTER, SKETCHER]
A, B, C = AccountId("a"), AccountId("b"), AccountId("c")
AT = datetime(2026, 4, 1, tzinfo=UTC)
FOUR_SECONDS = [Run("painter", took_ms) for took_ms in (3_900, 4_000, 60_000)]


def job(account: AccountId, place: int, state: JobState = JobState.QUEUED, **fields: object) -> Job:
    """The job that came into its account's line at this place, all of them at one moment."""
    return Job(
        JobId(f"{account}-{place:06}"), account, MediaType.IMAGE, state, "", "painter", "painter", substituted=False,
        options_json="{}", created_at=AT, updated_at=AT, started_at=None, finished_at=None, progress=0.0, attempt=0,
        client_ref="", metadata_json="{}", probable_duplicate_of=None, deadline_at=AT, asset=None, failure=None,
    )._replace(**fields)  # type: ignore[arg-type] # fmt: skip


def marks(name: str = "painter", **lengths: int) -> list[Mark]:
    """What a look sees of lines of these lengths."""
    return [
        Mark(name, AccountId(account), place, AT, job(AccountId(account), place).job_id)
        for account, length in lengths.items()
        for place in sorted({*(place for place in MARKED_PLACES if place < length), length})
    ]


def outlook(look: QueueLook, slots: int = 2) -> Outlook:
    run_times = RunTimes()
    run_times.learn(look)
    workers = [WorkerPresence(WorkerId("w"), frozenset(["studio"]), slots)] if slots else []
    return outlook_of(look, run_times, MODELS, workers)


def position(of: Outlook, asked: Job) -> int | None:
    return of.of(asked)[0]


def eta_ms(of: Outlook, asked: Job) -> int | None:
    return of.of(asked)[1]


def test_the_next_job_has_the_position_one_and_hints_go_before_what_waits() -> None:
    alone = outlook(QueueLook(AT, marks(a=3)))
    assert [position(alone, job(A, place)) for place in (1, 2, 3)] == [1, 2, 3]
    hinted = [("painter", job(B, place).job_id) for place in (1, 2)]
    behind = outlook(QueueLook(AT, marks(a=3), [("sketcher", JobId("other")), *hinted]))
    assert [position(behind, job(B, place)) for place in (1, 2)] == [1, 2]
    assert [position(behind, job(A, place)) for place in (1, 2, 3)] == [3, 4, 5]


@given(
    lengths=st.dictionaries(st.text("abcdef", min_size=1, max_size=2).map(AccountId), st.integers(1, 8), min_size=1),
)
def test_a_position_is_where_the_fair_dispatch_puts_the_job_give_or_take_half_a_round(
    lengths: dict[AccountId, int],
) -> None:
    waiting = {account: [(account, place) for place in range(1, length + 1)] for account, length in lengths.items()}
    seen = outlook(QueueLook(AT, marks(**lengths)))
    for begun, (account, place) in enumerate(FairShare().pick(waiting, sum(lengths.values()), 0), start=1):
        told = position(seen, job(account, place))
        assert told is not None
        assert abs(told - begun) <= len(lengths) / 2


def test_a_flood_of_another_account_moves_a_job_by_its_turns_and_no_more() -> None:
    flooded = outlook(QueueLook(AT, marks(a=50_000, b=3)))
    assert [position(flooded, job(B, place)) for place in (1, 2, 3)] == [2, 4, 6]
    assert position(flooded, job(C, 1)) == 2
    assert position(flooded, job(A, 5000)) == pytest.approx(5003, rel=0.13)


@given(length=st.integers(1, 100_000), place=st.integers(1, 100_000))
def test_a_place_in_a_long_line_is_told_within_an_eighth_from_a_few_marks(length: int, place: int) -> None:
    place = min(place, length)
    seen = outlook(QueueLook(AT, marks(a=length)))
    told = position(seen, job(A, place))
    assert told is not None
    assert abs(told - place) <= place / 8
    assert len(marks(a=length)) < 70


def test_positions_never_go_down_along_a_line() -> None:
    seen = outlook(QueueLook(AT, marks(a=700, b=90)))
    told = [seen.of(job(A, place))[0] or 0 for place in range(1, 701)]
    assert told == sorted(told)


def test_who_comes_after_the_look_is_told_nothing_yet_and_who_returned_goes_first() -> None:
    seen = outlook(QueueLook(AT, marks(a=100), runs=FOUR_SECONDS))
    assert position(seen, job(A, 101)) == position(seen, job(A, 100)) == 100
    for account in (A, B):
        assert seen.of(job(account, 101, created_at=AT + timedelta(milliseconds=1))) == (None, None)
    assert position(seen, job(A, 1)._replace(created_at=AT - timedelta(hours=1))) == 1


def test_a_time_is_told_from_what_the_model_took_lately_and_odd_jobs_count_for_nothing() -> None:
    seen = outlook(QueueLook(AT, marks(a=6), runs=FOUR_SECONDS, running={"painter": 2}))
    assert [eta_ms(seen, job(A, place)) for place in (1, 2, 5)] == [6_000, 8_000, 14_000]


def test_a_free_slot_is_not_waited_for() -> None:
    seen = outlook(QueueLook(AT, marks(a=6), runs=FOUR_SECONDS, running={"sketcher": 1}), slots=4)
    assert [eta_ms(seen, job(A, place)) for place in (1, 3, 4)] == [4_000, 4_000, 5_000]


def test_models_that_share_workers_share_their_slots_while_both_have_jobs() -> None:
    look = QueueLook(AT, [*marks(a=6), *marks("sketcher", b=6)], runs=FOUR_SECONDS, running={"painter": 2})
    assert eta_ms(outlook(look), job(A, 5)) == 24_000


@pytest.mark.parametrize(("slots", "runs"), [(0, FOUR_SECONDS), (2, [Run("sketcher", 5)])], ids=["slots", "history"])
def test_without_workers_or_history_a_job_has_a_position_and_no_time(slots: int, runs: list[Run]) -> None:
    seen = outlook(QueueLook(AT, marks(a=1), runs=runs), slots)
    assert seen.of(job(A, 1)) == (1, None)


def test_what_was_learnt_is_remembered_and_the_latest_counts() -> None:
    run_times = RunTimes()
    for took_ms in [*[1_000] * 100, *[9_000] * 32]:
        run_times.learn(QueueLook(AT, runs=[Run("painter", took_ms)], ended_until=AT))
    run_times.learn(QueueLook(AT, ended_until=AT))
    assert (run_times.typical_ms("painter"), run_times.typical_ms("sketcher"), run_times.ended_until) == (
        9_000,
        None,
        AT,
    )


@pytest.mark.parametrize(
    ("elapsed_s", "progress", "left_ms"),
    [
        (-1, 0.0, 4_000),
        (1, 0.0, 3_000),
        (3.9, 0.0, 390),
        (20, 0.0, 2_000),
        (1, 0.75, 1_000),
        (16, 0.5, 8_000),
        (2, 1.0, LEFT_MS_MIN),
        (4, 0.99, LEFT_MS_MIN),
    ],
)
def test_a_running_job_still_takes_what_is_usual_less_what_it_has_done(
    elapsed_s: float, progress: float, left_ms: int
) -> None:
    seen = outlook(QueueLook(AT, runs=FOUR_SECONDS))
    began = AT - timedelta(seconds=elapsed_s)
    running = job(A, 1, JobState.PROCESSING, started_at=AT - timedelta(hours=1), updated_at=began, progress=progress)
    assert seen.of(running) == (None, left_ms)


def test_nothing_is_told_before_the_first_look_and_of_models_that_are_not_known_here() -> None:
    assert NO_OUTLOOK.of(job(A, 1)) == (None, None)
    assert outlook(QueueLook(AT)).of(job(A, 1, model="gone")) == (None, None)


class FlakyQueues:
    """A store that answers or raises what it is told to, and remembers what it was asked."""

    def __init__(self, *answers: QueueLook | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[datetime | None] = []
        self.live = [WorkerPresence(WorkerId("w"), frozenset(["studio"]), 1)]

    async def look(self, last_end: datetime | None) -> QueueLook:
        self.asked.append(last_end)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def workers(self) -> list[WorkerPresence]:
        return self.live


@pytest.mark.parametrize(
    "failure", [FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "away"), ValueError("a bug")], ids=["away", "bug"]
)
async def test_nothing_is_told_while_the_queues_cannot_be_seen_and_what_was_learnt_stays(failure: Exception) -> None:
    seen = QueueLook(AT, marks(a=1), runs=FOUR_SECONDS, ended_until=AT)
    queues = FlakyQueues(seen, failure, QueueLook(AT, marks(a=1), ended_until=AT))
    outlooks = Outlooks(queues, queues, MODELS)
    told = []
    for _ in range(3):
        await outlooks.refresh()
        told.append(outlooks.current().of(job(A, 1)))
    assert told == [(1, 4_000), (None, None), (1, 4_000)]
    assert queues.asked == [None, AT, AT]


@pytest.mark.parametrize(
    ("offers", "says"),
    [([], None), ([["studio"]], None), ([[], ["studio"]], None), ([[]], "(1 live)"), ([[], []], "(2 live)")],
)
async def test_workers_that_all_pause_are_said_and_none_at_all_is_no_fault(
    offers: list[list[str]], says: str | None
) -> None:
    queues = FlakyQueues(QueueLook(AT))
    queues.live = [WorkerPresence(WorkerId(f"w{n}"), frozenset(offer), 1) for n, offer in enumerate(offers)]
    outlooks = Outlooks(queues, queues, MODELS)
    await outlooks.refresh()
    why = outlooks.why_impaired()
    assert why is None if says is None else says in (why or "")


@pytest.mark.parametrize(("took_s", "pause"), [(0.001, 1.0), (0.05, 2.5), (10.0, 5.0)])
def test_looks_that_take_long_are_rare(took_s: float, pause: float) -> None:
    assert pause_s(took_s) == pause


def test_an_empty_queue_has_its_next_job_first() -> None:
    assert (Turns([]).newcomers_position(), outlook(QueueLook(AT)).of(job(A, 1))) == (1, (1, None))


def sized(side: int) -> str:
    return f'{{"width": {side}, "height": {side}}}'


def test_a_larger_job_is_said_to_take_longer_waiting_and_at_work() -> None:
    runs = [Run("painter", side * side / 1000, units_of(MediaType.IMAGE, sized(side))) for side in (500, 1000, 1000)]
    seen = outlook(QueueLook(AT, marks(a=2), runs=runs), slots=1)
    small, large = (job(A, 1, options_json=sized(side)) for side in (500, 2000))
    assert (eta_ms(seen, small), eta_ms(seen, large)) == (250, 4_000)
    second = job(A, 2, options_json=sized(2000))
    assert eta_ms(seen, second) == 1_000 + 4_000
    working = job(B, 1, JobState.PROCESSING, options_json=sized(2000))
    assert eta_ms(seen, working) == 4_000
    assert eta_ms(seen, working._replace(progress=0.5)) == 2_000
