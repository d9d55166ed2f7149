"""The checker of histories finds each kind of violation in a made-up one, and none in a good one."""

from dataclasses import replace

import pytest
from faults.checker import Bounds, check
from faults.history import Action, Content, FaultWindow, History, JobEvent, JobView, Message, Operation

CONTENT = Content("ab" * 32, 100)
OTHER = Content("cd" * 32, 100)
COMPLETED = JobView("completed", 1, "http://localhost/api/assets/a.png", CONTENT, finished_at="t")
PROCESSING = JobView("processing", 1)
FAULT = FaultWindow("kill nats", began_s=100, ended_s=101, healed_s=105)
BOUNDS = Bounds(calm_operations_min=4, succeeded_share_min=0.6)

SUBMIT = Operation(Action.SUBMIT, "load", 1.0, 1.1, 202, "a", key="load-1")
RUNNING = Operation(Action.READ, "load", 2.0, 2.1, 200, "a", PROCESSING)
DONE = Operation(Action.READ, "load", 3.0, 3.1, 200, "a", COMPLETED)
FETCH = Operation(Action.FETCH, "load", 4.0, 4.1, 200, "a", content=CONTENT)
DELETE = Operation(Action.DELETE, "load", 5.0, 5.1, 204, "a")
CANCEL = Operation(Action.CANCEL, "load", 2.5, 2.6, 200, "a", PROCESSING)
OTHER_END = replace(COMPLETED, finished_at="u")
GOOD = [SUBMIT, RUNNING, DONE, FETCH]


def read_at(began_s: float, view: JobView | None, status: int = 200) -> Operation:
    return Operation(Action.READ, "load", began_s, began_s + 0.1, status, "a", view)


def rules(operations: list[Operation], *faults: FaultWindow) -> set[str]:
    return {violation.rule for violation in check(History(operations, list(faults)), BOUNDS)}


def test_a_good_history_has_no_violation() -> None:
    assert rules(GOOD, FAULT) == set()


VIOLATIONS = {
    "never seen at its end": ([SUBMIT, RUNNING, *[RUNNING] * 3], "lost"),
    "unknown after it was accepted": ([*GOOD, read_at(5, None, 404)], "lost"),
    "its asset is gone": ([*GOOD, replace(FETCH, status=404, content=None)], "lost"),
    "a minute without a fault": ([SUBMIT, RUNNING, read_at(70, COMPLETED), FETCH], "stuck"),
    "back from its end": ([*GOOD, read_at(5, PROCESSING)], "doubled"),
    "another result": ([*GOOD, read_at(5, replace(COMPLETED, content=OTHER))], "doubled"),
    "another link": ([*GOOD, read_at(5, replace(COMPLETED, url="http://localhost/api/assets/b.png"))], "doubled"),
    "finished a second time": ([*GOOD, read_at(5, replace(COMPLETED, finished_at="u"))], "doubled"),
    "failed after it completed": ([*GOOD, read_at(5, JobView("failed", 1, code="worker_lost"))], "doubled"),
    "other bytes than it says": ([SUBMIT, RUNNING, DONE, replace(FETCH, content=OTHER)], "wrong asset"),
    "fewer bytes than it says": ([*GOOD[:3], replace(FETCH, content=replace(CONTENT, size_bytes=99))], "wrong asset"),
    "completed without an asset": ([*GOOD[:2], read_at(3, JobView("completed", 1)), RUNNING], "wrong asset"),
    "a fourth attempt": ([*GOOD[:2], read_at(3, replace(COMPLETED, attempt=4)), FETCH], "attempts", "repeated"),
    "attempts that go back": ([SUBMIT, read_at(2, replace(PROCESSING, attempt=2)), DONE, FETCH], "attempts"),
    "repeated for no reason": ([*GOOD[:2], read_at(3, replace(COMPLETED, attempt=2)), FETCH], "repeated"),
    "failed and silent": ([*GOOD[:2], read_at(3, JobView("failed", 1)), RUNNING], "unexplained"),
    "one request, two jobs": ([*GOOD, replace(SUBMIT, job_id="b"), replace(DONE, job_id="b")], "doubled"),
    "two requests, one job": ([*GOOD, replace(SUBMIT, key="load-2")], "mixed up"),
    "deleted and alive": ([*GOOD, DELETE, read_at(6, COMPLETED)], "undead"),
    "deleted and its link lives": ([*GOOD, DELETE, replace(FETCH, began_s=6, ended_s=6.1)], "undead"),
    "called off and going on": ([*GOOD, replace(CANCEL, view=PROCESSING)], "called off in vain"),
    "a wait that outlasts its time": ([*GOOD[:2], replace(DONE, wait_s=2.0, ended_s=11.5), FETCH], "wait"),
    "a wait that is cut short": ([SUBMIT, replace(RUNNING, wait_s=2.0), DONE, FETCH], "wait"),
    "a submit that does not wait": ([replace(SUBMIT, wait_s=2.0), RUNNING, DONE, FETCH], "wait"),
    "a waited answer that nobody else saw": (
        [replace(SUBMIT, status=200, wait_s=2.0, view=OTHER_END), *GOOD[1:]],
        "doubled",
    ),
    "nobody could be reached": ([*GOOD, *[read_at(6, None, 0)] * 4], "unavailable"),
    "nothing was asked": ([SUBMIT, DONE], "vacuous"),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_found(name: str) -> None:
    operations, *found = VIOLATIONS[name]

    assert rules(operations, FAULT) == set(found)


def test_a_wait_may_end_with_the_job_and_is_forgiven_where_a_fault_cuts_it_short() -> None:
    waited = replace(SUBMIT, status=200, wait_s=30.0, ended_s=2.0, view=COMPLETED)
    cut_short = replace(RUNNING, wait_s=30.0)

    assert rules([waited, replace(DONE, wait_s=30.0), FETCH, FETCH], FAULT) == set()
    assert (
        rules([SUBMIT, cut_short, *GOOD[2:], *[FETCH] * 3], replace(FAULT, began_s=2, ended_s=2, healed_s=2.5)) == set()
    )


def test_a_fault_that_does_not_heal_is_found() -> None:
    assert rules(GOOD, replace(FAULT, healed_s=None)) == {"unhealed"}
    assert rules(GOOD, replace(FAULT, healed_s=FAULT.ended_s + 61)) == {"unhealed"}


def test_failures_within_a_fault_window_are_forgiven_and_those_after_it_are_not() -> None:
    assert rules([*GOOD, *[read_at(103, None, 0)] * 4], FAULT) == set()
    assert rules([*GOOD, *[read_at(106, None, 0)] * 4], FAULT) == {"unavailable"}


def test_waiting_for_a_fault_to_heal_is_not_being_stuck() -> None:
    late = [SUBMIT, RUNNING, read_at(130, COMPLETED), FETCH]

    assert rules(late, FaultWindow("pause nats", began_s=30, ended_s=110, healed_s=112)) == set()
    assert rules(late, FaultWindow("pause nats", began_s=80, ended_s=110, healed_s=112)) == {"stuck"}


def test_a_fault_within_the_life_of_a_job_explains_a_second_attempt() -> None:
    again = replace(COMPLETED, attempt=2)
    repeated = [*GOOD[:2], read_at(3, again), *[read_at(7, again)] * 4]

    assert rules(repeated, FaultWindow("kill media-worker", began_s=1.5, ended_s=1.5, healed_s=2)) == set()
    assert rules(repeated, FaultWindow("kill media-worker", began_s=5, ended_s=5, healed_s=6)) == {"repeated"}


def test_reads_that_ran_at_the_same_time_are_in_no_order() -> None:
    overlapping = replace(DONE, began_s=2.0, ended_s=5.0)

    assert rules([SUBMIT, overlapping, read_at(4, PROCESSING), FETCH], FAULT) == set()


def test_a_deleted_job_may_be_gone_from_the_moment_in_which_it_was_asked_for() -> None:
    unanswered = replace(DELETE, ended_s=9, status=0)

    assert rules([*GOOD, DELETE, read_at(6, None, 410)], FAULT) == set()
    assert rules([*GOOD, unanswered, read_at(6, None, 410), read_at(6, COMPLETED)], FAULT) == set()
    assert rules([SUBMIT, RUNNING, replace(DELETE, began_s=2.5, ended_s=2.6), read_at(3, None, 410)], FAULT) == set()


FEED = [JobEvent(1, "a", "queued"), JobEvent(2, "a", "processing"), JobEvent(3, "a", "completed")]
BAD_FEEDS = {
    "lost the first": FEED[1:],
    "lost one in between": [FEED[0], FEED[2]],
    "lost the end": FEED[:2],
    "lost all": [],
    "one twice": [*FEED[:2], FEED[1], FEED[2]],
    "one twice under two numbers": [*FEED[:2], replace(FEED[1], number=3), replace(FEED[2], number=4)],
    "an end after the end": [*FEED, JobEvent(4, "a", "failed")],
    "out of order": [FEED[1], FEED[0], FEED[2]],
}


def in_feed(events: list[JobEvent]) -> set[str]:
    return {violation.rule for violation in check(History(GOOD, [FAULT], events), BOUNDS)}


def test_a_whole_feed_has_no_violation_and_a_second_attempt_belongs_to_it() -> None:
    again = [
        FEED[0],
        FEED[1],
        JobEvent(3, "a", "queued"),
        JobEvent(4, "a", "processing"),
        JobEvent(5, "a", "completed"),
    ]

    assert in_feed(FEED) == set()
    assert in_feed(again) == set()


@pytest.mark.parametrize("name", BAD_FEEDS)
def test_a_wrong_feed_is_found(name: str) -> None:
    assert in_feed(BAD_FEEDS[name]) == {"events"}


FOLLOWED_WRONG = {
    "missed the first": [replace(event, number=event.number - 1) for event in FEED[1:]],
    "missed the end": FEED[:2],
    "missed all": [],
    "told one twice": [*FEED[:2], replace(FEED[1], number=3), replace(FEED[2], number=4)],
    "told out of order": [replace(FEED[1], number=1), replace(FEED[0], number=2), FEED[2]],
}


def who_followed(events: list[JobEvent]) -> set[str]:
    return {violation.rule for violation in check(History(GOOD, [FAULT], FEED, followed=events), BOUNDS)}


def test_who_was_told_everything_may_have_been_told_more_since() -> None:
    assert who_followed(FEED) == set()
    assert who_followed([*FEED, JobEvent(4, "b", "queued")]) == set()


@pytest.mark.parametrize("name", FOLLOWED_WRONG)
def test_whoever_was_told_too_little_or_twice_is_found(name: str) -> None:
    assert who_followed(FOLLOWED_WRONG[name]) == {"followed"}


TOLD = Message("msg_1", "a", "completed", CONTENT)
BAD_MESSAGES = {
    "none": [],
    "two of one end": [TOLD, replace(TOLD, message_id="msg_2")],
    "another end": [replace(TOLD, status="failed", content=None)],
    "no asset": [replace(TOLD, content=None)],
    "another asset": [replace(TOLD, content=OTHER)],
    "a wrong signature": [TOLD, replace(TOLD, is_signed=False)],
}


def told(messages: list[Message], *more: Operation) -> set[str]:
    history = History([*GOOD, *more], [FAULT], messages=messages, has_webhook=True)
    return {violation.rule for violation in check(history, BOUNDS)}


def test_a_message_may_come_twice_under_one_id_and_not_at_all_for_a_deleted_job() -> None:
    assert told([TOLD, TOLD]) == set()
    assert told([], DELETE) == set()
    assert told([replace(TOLD, content=None)], DELETE) == set()


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_wrong_messages_are_found(name: str) -> None:
    assert told(BAD_MESSAGES[name]) == {"webhooks"}
