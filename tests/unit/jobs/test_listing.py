"""Page tokens: they lead back to their place, and fit no other list."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flexura_jobs.domain.jobs import JobState, MediaType
from flexura_jobs.domain.listing import JobFilter, JobQuery, Position, page_token, position_of
from flexura_kit.ids import AccountId, JobId

QUERY = JobQuery(AccountId("alice"), JobFilter(frozenset({JobState.QUEUED}), client_ref="order"))
PLACE = Position(datetime(2026, 4, 1, 12, 0, 0, 123456, UTC), JobId("01a207b4-3006-7a18-8ab0-e3e8a7005565"))
TOKEN = page_token(PLACE, QUERY)


def test_a_token_leads_back_to_its_place_to_the_microsecond() -> None:
    assert position_of(TOKEN, QUERY) == PLACE
    assert position_of(TOKEN, replace(QUERY, page_size=7)) == PLACE


@pytest.mark.parametrize(
    "other",
    [
        replace(QUERY, account_id=AccountId("bob")),
        replace(QUERY, filter=JobFilter()),
        replace(QUERY, filter=replace(QUERY.filter, media_type=MediaType.IMAGE)),
        replace(QUERY, filter=replace(QUERY.filter, created_after=PLACE.created_at)),
        replace(QUERY, filter=replace(QUERY.filter, client_ref="orders")),
    ],
    ids=["account", "no-filter", "media-type", "created-after", "client-ref"],
)
def test_a_token_fits_no_other_list(other: JobQuery) -> None:
    assert position_of(TOKEN, other) is None


@pytest.mark.parametrize("position", range(len(TOKEN)))
def test_a_token_with_one_character_changed_is_refused(position: int) -> None:
    changed = "A" if TOKEN[position] != "A" else "B"
    assert position_of(TOKEN[:position] + changed + TOKEN[position + 1 :], QUERY) is None


@pytest.mark.parametrize(
    "token", ["", "x", "=", TOKEN + "A", TOKEN[:-1], TOKEN + "=", " " + TOKEN, "ü" * 43, "\0" * 43]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert position_of(token, QUERY) is None
