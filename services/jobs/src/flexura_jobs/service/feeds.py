"""Telling accounts what happened to their jobs, each event once and in order."""

from collections.abc import Iterator

from flexura_jobs.domain.events import Event, EventPage, EventQuery, EventSlice
from flexura_jobs.ports import EventStore
from flexura_jobs.service.removal import job_not_found
from flexura_jobs.service.requests import invalid_request, is_job_id
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason

PAGE_SIZE = 50
PAGE_SIZE_MAX = 100
PAGE_BYTES_MAX = 1 << 20  # Of what callers wrote: 100 events of jobs with the longest metadata would be 10 MB.


class EventFeeds:
    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def page(self, query: EventQuery) -> EventPage:
        refuse_wrong(query)
        size = query.page_size or PAGE_SIZE
        # One more than is answered tells whether there is another page.
        found = await self._store.events_after(query.account_id, query.after or 0, query.job_id, size + 1)
        if query.after is not None and is_expired(query.after, found):
            raise FlexuraError(
                Kind.NOT_FOUND,
                Reason.CURSOR_EXPIRED,
                "events after this place in the feed are no longer kept; list the jobs to learn how they are, and begin"
                " anew without a cursor",
            )
        events = list(within(PAGE_BYTES_MAX, found.events[:size]))
        has_more = len(events) < len(found.events)
        next_after = events[-1].sequence if has_more else found.latest
        return EventPage(events, next_after, has_more, found.latest, found.oldest)


def is_expired(after: int, found: EventSlice) -> bool:
    """Tells whether an event after that number is gone, or the number itself was never given."""
    if after >= found.latest:
        return after > found.latest
    return found.oldest is None or found.oldest > after + 1


def within(bytes_max: int, events: list[Event]) -> Iterator[Event]:
    """As many as fit, but one at least."""
    size_bytes = 0
    for position, event in enumerate(events):
        size_bytes += len(event.job.metadata_json.encode()) if event.job else 0
        if position and size_bytes > bytes_max:
            return
        yield event


def refuse_wrong(query: EventQuery) -> None:
    violations = []
    if not 0 <= query.page_size <= PAGE_SIZE_MAX:
        takes = f"page_size takes 1 to {PAGE_SIZE_MAX}, and 0 for {PAGE_SIZE}"
        violations.append(FieldViolation("page_size", takes))
    if query.after is not None and query.after < 0:
        violations.append(FieldViolation("after_sequence", "after_sequence takes the number of an event, or 0"))
    if violations:
        raise invalid_request(violations)
    if query.job_id is not None and not is_job_id(query.job_id):
        raise job_not_found(query.job_id)
