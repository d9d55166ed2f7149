"""What must hold of a history, whatever was killed meanwhile; pure, so that it can be tested with made-up ones."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from faults.history import FINISHED, Action, History, JobView, Message
from faults.record import Record, accepts

SHA256_CHARACTERS = 64
OK = 200
EARLY_S = 0.1
GONE = frozenset({404, 410})
LOOKS = frozenset({Action.READ, Action.FETCH})
MOVES = {
    "": {"queued"},
    "queued": {"processing", "failed"},
    "processing": {"queued", "completed", "failed"},
    "completed": set[str](),
    "failed": set[str](),
}


@dataclass(frozen=True)
class Bounds:
    """The numbers that a run must keep."""

    heal_s: float = 60.0
    """Seconds without any fault in which all must be right again, and an accepted job must have ended."""
    attempts_max: int = 3
    late_s: float = 6.0
    """By which the answer of a wait may come after its time: a last look at the job may take 5 seconds."""
    succeeded_share_min: float = 0.95
    """Of the operations outside fault windows."""
    calm_operations_min: int = 100
    """Outside fault windows: a run in which nothing could be asked proves nothing."""


@dataclass(frozen=True)
class Violation:
    rule: str
    sentence: str
    job_id: str = ""


Rule = Callable[[Record, Bounds], Iterator[Violation]]


def check(history: History, bounds: Bounds = Bounds()) -> list[Violation]:
    """Every violation of every rule."""
    record = Record(history)
    return [violation for rule in RULES for violation in rule(record, bounds)]


def every_accepted_job_ends(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    for job_id in record.accepted.keys() - record.finished.keys() - record.delete_asked.keys():
        last = record.by_job[job_id][-1]
        yield Violation("lost", f"accepted and never seen at its end; last answer: {last}", job_id)


def no_accepted_job_is_unknown(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    for job_id in record.accepted:
        for operation in record.by_job[job_id]:
            was_asked = record.delete_asked.get(job_id, math.inf) < operation.ended_s
            if operation.action in LOOKS and operation.status in GONE and not was_asked:
                yield Violation("lost", f"accepted and then unknown: {operation}", job_id)


def what_was_deleted_stays_away(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    for job_id, deleted_s in record.deleted.items():
        for operation in record.by_job[job_id]:
            if operation.action in LOOKS and operation.began_s >= deleted_s and operation.status == OK:
                yield Violation("undead", f"deleted and then seen: {operation}", job_id)


def what_was_called_off_has_ended(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    for operation in record.history.operations:
        view = operation.view
        if operation.action is Action.CANCEL and view is not None and not view.is_finished:
            yield Violation("called off in vain", f"{view}", operation.job_id)


def every_accepted_job_ends_in_time(record: Record, bounds: Bounds) -> Iterator[Violation]:
    for job_id, read in record.finished.items():
        calm_s = record.calm_s(record.accepted[job_id].began_s, read.ended_s)
        if calm_s > bounds.heal_s:
            yield Violation("stuck", f"took {calm_s:.1f} s outside faults until its end was seen", job_id)


def waiting_ends_in_time_and_not_before(record: Record, bounds: Bounds) -> Iterator[Violation]:
    for operation in record.history.operations:
        if not operation.wait_s or not operation.succeeded or operation.status in GONE:
            continue
        # A submit waits from when it was accepted, and a fault may delay that.
        is_late = operation.took_s > operation.wait_s + bounds.late_s
        if is_late and not (operation.action is Action.SUBMIT and record.disturbed(operation)):
            yield Violation("wait", f"it outlasted its time: {operation}", operation.job_id)
        has_ended = operation.view is not None and operation.view.is_finished
        if not has_ended and operation.took_s < operation.wait_s - EARLY_S and not record.disturbed(operation):
            yield Violation("wait", f"it was cut short: {operation}", operation.job_id)


def an_end_never_changes(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    for job_id, first in record.finished.items():
        for read, view in record.views(job_id):
            if read.began_s >= first.ended_s and view != first.view:
                yield Violation("doubled", f"was {first.view} and became {view}", job_id)


def an_asset_is_what_its_job_says(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    for job_id, first in record.finished.items():
        view = first.view
        if view is None or view.status != "completed":
            continue
        if view.content is None or len(view.content.sha256) != SHA256_CHARACTERS or not view.url:
            yield Violation("wrong asset", f"completed without a whole asset: {view}", job_id)
        for operation in record.by_job[job_id]:
            if operation.content is not None and operation.content != view.content:
                yield Violation("wrong asset", f"{view.content} was promised, {operation.content} came", job_id)


def attempts_go_up_and_are_few(record: Record, bounds: Bounds) -> Iterator[Violation]:
    for job_id in record.accepted:
        highest, seen_s = 0, 0.0
        for read, view in record.views(job_id):
            if view.attempt > bounds.attempts_max:
                yield Violation("attempts", f"attempt {view.attempt}", job_id)
            if read.began_s >= seen_s and view.attempt < highest:
                yield Violation("attempts", f"attempt {view.attempt} after attempt {highest}", job_id)
            if view.attempt > highest:
                highest, seen_s = view.attempt, read.ended_s


def nothing_is_repeated_without_a_fault(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    for job_id, read in record.finished.items():
        began_s = record.accepted[job_id].began_s
        explained = any(record.overlap_s(fault, began_s, read.ended_s) is not None for fault in record.faults)
        if read.view is not None and read.view.attempt > 1 and not explained:
            yield Violation("repeated", f"{read.view.attempt} attempts and no fault", job_id)


def every_failure_says_why(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    for job_id, read in record.finished.items():
        if read.view is not None and read.view.status == "failed" and not read.view.code:
            yield Violation("unexplained", "failed without a code", job_id)


def one_request_is_one_job(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    by_key: dict[str, set[str]] = defaultdict(set)
    keys: dict[str, set[str]] = defaultdict(set)
    for operation in filter(accepts, record.history.operations):
        by_key[operation.key].add(operation.job_id)
        keys[operation.job_id].add(operation.key)
    for key, job_ids in by_key.items():
        if len(job_ids) > 1:
            yield Violation("doubled", f"the request {key} made the jobs {sorted(job_ids)}", min(job_ids))
    for job_id, requests in keys.items():
        if len(requests) > 1:
            yield Violation("mixed up", f"the requests {sorted(requests)} were answered with one job", job_id)


def the_feed_has_every_change_once_and_in_order(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    if record.history.events is None:
        return
    states = dict.fromkeys(record.accepted, "")
    for expected, event in enumerate(record.history.events, start=1):
        if event.number != expected:
            yield Violation("events", f"number {event.number} where {expected} should be", event.job_id)
            return
        if event.state not in MOVES[states.get(event.job_id, "")]:
            yield Violation("events", f"{event.state} after {states.get(event.job_id)}", event.job_id)
        states[event.job_id] = event.state
    for job_id, state in states.items():
        if state not in FINISHED:
            yield Violation("events", f"the feed tells of no end; its last word is {state or 'nothing'}", job_id)


def who_follows_is_told_every_change_once_and_in_order(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    events, followed = record.history.events or [], record.history.followed
    if followed is None:
        return
    for event, told in zip_longest(events, followed[: len(events)]):
        if told != event:
            yield Violation("followed", f"was told {told} in the place of {event}", event.job_id if event else "")
            return


def webhooks_tell_each_end_at_least_once(record: Record, _bounds: Bounds) -> Iterator[Violation]:
    if not record.history.has_webhook:
        return
    ids: dict[str, set[str]] = defaultdict(set)
    for message in record.history.messages:
        job_id = message.job_id
        ids[job_id].add(message.message_id)
        end = record.finished.get(job_id)
        if not message.is_signed:
            yield Violation("webhooks", f"the signature is wrong: {message}", job_id)
        if end and end.view and not agrees(message, end.view, job_id in record.delete_asked):
            yield Violation("webhooks", f"{message} tells another end than {end.view}", job_id)
    for job_id in record.finished.keys() - record.delete_asked.keys():
        if len(ids[job_id]) != 1:
            yield Violation("webhooks", f"{len(ids[job_id])} messages tell of the end", job_id)


def agrees(message: Message, view: JobView, was_deleted: bool) -> bool:
    """Whether both tell the same end. Sent after the job was deleted, a message has nothing to say of the asset."""
    knows_asset = message.content == view.content or (was_deleted and message.content is None)
    return message.status == view.status and knows_asset


def every_fault_heals(record: Record, bounds: Bounds) -> Iterator[Violation]:
    for fault in record.faults:
        if fault.heal_s is None or fault.heal_s > bounds.heal_s:
            yield Violation(
                "unhealed", f"{fault.kind} from {fault.began_s:.1f} to {fault.ended_s:.1f} s: {fault.heal_s}"
            )


def calm_operations_succeed(record: Record, bounds: Bounds) -> Iterator[Violation]:
    calm = record.calm
    succeeded = sum(operation.succeeded for operation in calm)
    if len(calm) < bounds.calm_operations_min:
        yield Violation("vacuous", f"only {len(calm)} operations outside fault windows")
    elif succeeded < bounds.succeeded_share_min * len(calm):
        failed = next(operation for operation in calm if not operation.succeeded)
        yield Violation("unavailable", f"{succeeded} of {len(calm)} outside fault windows succeeded, not {failed}")


RULES: tuple[Rule, ...] = (
    every_accepted_job_ends,
    no_accepted_job_is_unknown,
    what_was_deleted_stays_away,
    what_was_called_off_has_ended,
    every_accepted_job_ends_in_time,
    waiting_ends_in_time_and_not_before,
    an_end_never_changes,
    an_asset_is_what_its_job_says,
    attempts_go_up_and_are_few,
    nothing_is_repeated_without_a_fault,
    every_failure_says_why,
    one_request_is_one_job,
    the_feed_has_every_change_once_and_in_order,
    who_follows_is_told_every_change_once_and_in_order,
    webhooks_tell_each_end_at_least_once,
    every_fault_heals,
    calm_operations_succeed,
)
