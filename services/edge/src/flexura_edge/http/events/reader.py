"""Reading a feed from a place on."""

from collections.abc import Awaitable, Callable, Sequence

from flexura.jobs.v1 import jobs_service_pb2 as pb
from flexura_edge.http.events.cursor import cursor_of
from flexura_kit.ids import AccountId, JobId

ListEvents = Callable[[pb.ListEventsRequest, float], Awaitable[pb.ListEventsResponse]]


class Reader:
    """Reads an account's feed, or what it has of one job, each event once."""

    def __init__(self, list_events: ListEvents, account_id: AccountId, job_id: JobId | None, after: int | None) -> None:
        self._list_events = list_events
        self.account_id = account_id
        self.job_id = job_id
        self.after = after
        """The number up to which all is read; None before the first event that is kept."""
        self.has_more = False

    @property
    def topic(self) -> str:
        """What wakes whoever waits for more."""
        return self.job_id or self.account_id

    @property
    def cursor(self) -> str | None:
        return None if self.after is None else cursor_of(self.account_id, self.after)

    async def skip_to_now(self, timeout_s: float) -> None:
        page = await self._list_events(pb.ListEventsRequest(account_id=self.account_id, page_size=1), timeout_s)
        self.after = page.latest_sequence

    async def read(self, count_max: int, timeout_s: float) -> Sequence[pb.Event]:
        request = pb.ListEventsRequest(account_id=self.account_id, page_size=count_max, job_id=self.job_id or "")
        if self.after is not None:
            request.after_sequence = self.after
        self.has_more = False  # Where this fails, whoever reads need not hurry.
        page = await self._list_events(request, timeout_s)
        self.after = page.next_after_sequence
        self.has_more = page.has_more
        return page.events
