"""Errors as HTTP shows them, and the page that lists them."""

import re
from pathlib import Path

import pytest

from flexura_edge.http.advice import ADVICE, Advice
from flexura_edge.http.problem import STATUS_OF_KIND, STATUS_OF_REASON, retry_after_ms_of
from flexura_kit.errors import FlexuraError, Kind, Reason

PAGE = Path(__file__).parents[3] / "docs" / "errors.md"
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL))
IN_ANSWERS = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", SECTIONS["In answers"], re.MULTILINE))
IN_JOBS = set(re.findall(r"^\| `(\w+)` \|", SECTIONS["In failed jobs"], re.MULTILINE))
IN_PAGES = set(re.findall(r"^\| `(\w+)` \|", SECTIONS["In pages that were not read"], re.MULTILINE))
BETWEEN_SERVICES = set(re.findall(r"`(\w+)`", SECTIONS["Between services only"]))

KIND_OF_REASON = {
    Reason.API_KEY_MISSING: Kind.UNAUTHENTICATED,
    Reason.API_KEY_MALFORMED: Kind.UNAUTHENTICATED,
    Reason.API_KEY_UNKNOWN: Kind.UNAUTHENTICATED,
    Reason.API_KEY_REVOKED: Kind.UNAUTHENTICATED,
    Reason.API_KEY_EXPIRED: Kind.UNAUTHENTICATED,
    Reason.EVENT_TOKEN_INVALID: Kind.UNAUTHENTICATED,
    Reason.EVENT_TOKEN_EXPIRED: Kind.UNAUTHENTICATED,
    Reason.ROUTE_NOT_FOUND: Kind.NOT_FOUND,
    Reason.JOB_NOT_FOUND: Kind.NOT_FOUND,
    Reason.ASSET_NOT_FOUND: Kind.NOT_FOUND,
    Reason.ASSET_LOST: Kind.NOT_FOUND,
    Reason.JOB_DELETED: Kind.NOT_FOUND,
    Reason.JOB_EXPIRED: Kind.NOT_FOUND,
    Reason.CURSOR_EXPIRED: Kind.NOT_FOUND,
    Reason.CONTINUATION_EXPIRED: Kind.REFUSED,
    Reason.EVENT_STREAM_LIMIT: Kind.LIMITED,
    Reason.QUEUE_LIMIT: Kind.LIMITED,
    Reason.SEARCH_LIMIT: Kind.LIMITED,
    Reason.INTERNAL: Kind.INTERNAL,
    Reason.SERVICE_UNAVAILABLE: Kind.BUSY,
    Reason.OVERLOADED: Kind.BUSY,
    Reason.MODEL_UNAVAILABLE: Kind.BUSY,
    Reason.SEARCH_UNAVAILABLE: Kind.BUSY,
    Reason.WEBHOOK_NOT_FOUND: Kind.NOT_FOUND,
    Reason.DELIVERY_NOT_FOUND: Kind.NOT_FOUND,
    Reason.WEBHOOK_LIMIT: Kind.REFUSED,
    Reason.WEBHOOK_EXISTS: Kind.EXISTS,
    Reason.WEBHOOK_DISABLED: Kind.REFUSED,
    Reason.WEBHOOKS_UNAVAILABLE: Kind.BUSY,
    Reason.DEADLINE_EXCEEDED: Kind.TIMED_OUT,
}


def test_the_page_lists_every_reason_once() -> None:
    listed = [*IN_ANSWERS, *IN_JOBS, *IN_PAGES, *BETWEEN_SERVICES]
    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == {reason.value for reason in Reason}


def test_the_page_lists_what_has_advice_and_the_rest_stays_between_services() -> None:
    assert {reason.value for reason in ADVICE} == IN_ANSWERS.keys() | IN_JOBS | IN_PAGES


@pytest.mark.parametrize("code", IN_ANSWERS)
def test_the_status_on_the_page_is_the_one_that_is_answered(code: str) -> None:
    reason = Reason(code)
    kind = KIND_OF_REASON.get(reason, Kind.INVALID)
    assert int(IN_ANSWERS[code]) == STATUS_OF_REASON.get(reason, STATUS_OF_KIND[kind])


def test_a_step_is_left_out_when_its_part_is_not_known() -> None:
    advice = Advice("Title", ("Try {nearest}.", "Fetch {{job_id}}."))
    assert advice.next_actions({"nearest": "a"}) == ["Try a.", "Fetch {job_id}."]
    assert advice.next_actions({"nearest": ""}) == ["Fetch {job_id}."]


@pytest.mark.parametrize(
    ("kind", "is_repeatable", "expected"),
    [
        (Kind.BUSY, False, 1000),
        (Kind.LIMITED, True, 1000),
        (Kind.TIMED_OUT, True, 1000),
        (Kind.TIMED_OUT, False, None),
        (Kind.INVALID, True, None),
        (Kind.INTERNAL, True, None),
    ],
)
def test_only_what_may_succeed_and_is_safe_is_to_be_sent_again(
    kind: Kind, is_repeatable: bool, expected: int | None
) -> None:
    error = FlexuraError(kind, Reason.OVERLOADED, "m")
    assert retry_after_ms_of(error, is_repeatable=is_repeatable) == expected


def test_a_service_says_itself_when_to_try_again() -> None:
    error = FlexuraError(Kind.BUSY, Reason.OVERLOADED, "m", retry_after_ms="2500")
    assert retry_after_ms_of(error, is_repeatable=False) == 2500


@pytest.mark.parametrize(("engines", "expected"), [("brave, exa", 1000), ("", None)])
def test_a_search_is_sent_again_where_engines_failed_and_not_where_none_is_set_up(
    engines: str, expected: int | None
) -> None:
    error = FlexuraError(Kind.BUSY, Reason.SEARCH_UNAVAILABLE, "m", engines=engines)
    assert retry_after_ms_of(error, is_repeatable=True) == expected
    steps = ADVICE[error.reason].next_actions(error.metadata)
    assert [step for step in steps if "retry_after_ms" in step] == [
        f"{engines} failed: wait for retry_after_ms and send the same request again."
    ] * bool(engines)


def test_a_model_that_is_not_set_up_is_not_asked_for_again() -> None:
    error = FlexuraError(Kind.BUSY, Reason.MODEL_UNAVAILABLE, "m", retry_after_ms="2500")
    assert retry_after_ms_of(error, is_repeatable=True) is None
