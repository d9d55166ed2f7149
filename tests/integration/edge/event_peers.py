"""The feed as the jobs service has it, over a list in the place of a database."""

# ruff: noqa: ARG002 - the generated base class says which arguments and names there are.

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc

from flexura.jobs.v1 import jobs_service_pb2, jobs_service_pb2_grpc
from flexura_jobs.domain.events import Event, EventSlice, ToldJob
from flexura_jobs.domain.jobs import JobState
from flexura_jobs.rpc.feeds import event_page_to_message, event_query_of
from flexura_jobs.service import EventFeeds
from flexura_kit.errors import FlexuraError, Reason
from flexura_kit.ids import AccountId, JobId

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
NO_ASSET = (None,) * 7


@dataclass
class ListedEvents:
    """Events of all accounts, numbered each."""

    events: dict[str, list[Event]] = field(default_factory=dict)
    purged: dict[str, int] = field(default_factory=dict)
    """How many of an account's first events are gone."""

    def happen(self, account_id: str, job_id: str, state: str, reason: Reason | None = None, **told: Any) -> Event:
        """Adds the next event of the account."""
        own = self.events.setdefault(account_id, [])
        failure = (reason.value, "it broke", True) if reason else (None, None, None)
        asset: tuple[Any, ...] = (
            ("png", "image/png", 5, "ab" * 32, 64, 64, 0.0) if state == "completed" else (None,) * 7
        )
        values = {"client_ref": "", "metadata_json": "{}"} | told
        job = ToldJob(JobId(job_id), "image", "nvidia-flux", state, NOON, None, *values.values(), *asset, *failure)
        own.append(Event(len(own) + 1, NOON, JobId(job_id), JobState(state), 1, reason, job))
        return own[-1]

    async def events_after(self, account_id: AccountId, after: int, job_id: JobId | None, count_max: int) -> EventSlice:
        own, gone = self.events.get(account_id, []), self.purged.get(account_id, 0)
        kept = own[gone:]
        found = [event for event in kept if event.sequence > after and job_id in {None, event.job_id}]
        return EventSlice(found[:count_max], len(own), kept[0].sequence if kept else None)


@dataclass
class ScriptedFeed(jobs_service_pb2_grpc.JobsServiceServicer):
    feed: ListedEvents = field(default_factory=ListedEvents)
    feed_failures: list[FlexuraError] = field(default_factory=list)
    feed_reads: int = 0

    async def ListEvents(
        self, request: jobs_service_pb2.ListEventsRequest, context: grpc.aio.ServicerContext
    ) -> jobs_service_pb2.ListEventsResponse:
        self.feed_reads += 1
        if self.feed_failures:
            raise self.feed_failures.pop(0)
        return event_page_to_message(await EventFeeds(self.feed).page(event_query_of(request)))
