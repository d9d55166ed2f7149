"""The feed as the jobs service has it, over a list in the place of a database; and a client of its streams."""

# ruff: noqa: ARG002 - the generated base class says which arguments and names there are.

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc
import orjson
from aiohttp import ClientResponse, ClientSession, ClientTimeout

from flexura.jobs.v1 import jobs_service_pb2, jobs_service_pb2_grpc
from flexura_jobs.domain.events import Event, EventSlice, ToldJob
from flexura_jobs.domain.jobs import JobState
from flexura_jobs.rpc.feeds import event_page_to_message, event_query_of
from flexura_jobs.service import EventFeeds
from flexura_kit.errors import FlexuraError, Reason
from flexura_kit.ids import AccountId, JobId

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
WITHIN_S = 20.0
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


@dataclass
class Told:
    """One block of a stream."""

    id: str = ""
    event: str = ""
    data: Any = None
    comment: str = ""


class Stream:
    """A client that reads blocks and, as a browser does, remembers the last id."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response
        self.last_id = ""
        self.comments: list[str] = []

    async def block(self) -> Told | None:
        """The next block; None at a clean end."""
        told, seen = Told(), False
        async with asyncio.timeout(WITHIN_S):
            while line := (await self.response.content.readline()).decode():
                name, _, value = line.rstrip("\n").partition(":")
                if line == "\n":
                    if seen:
                        break
                    continue
                seen = True
                if not name:
                    told.comment = value.strip()
                    self.comments.append(told.comment)
                elif name in {"id", "event"}:
                    setattr(told, name, value.strip())
                elif name == "data":
                    told.data = orjson.loads(value)
        self.last_id = told.id or self.last_id
        return told if seen else None

    async def events(self, count: int) -> list[Told]:
        """The next so many events, whatever comes between."""
        told: list[Told] = []
        while len(told) < count:
            block = await self.block()
            assert block is not None, f"it ended after {len(told)} of {count}: {self.comments}"
            if block.data is not None:
                told.append(block)
        return told

    async def rest(self) -> list[Told]:
        """The events until the end."""
        told = []
        while (block := await self.block()) is not None:
            told += [block] if block.data is not None else []
        return told


@asynccontextmanager
async def stream(url: str, key: str, path: str = "/api/events", last_id: str = "") -> AsyncIterator[Stream]:
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    # A session of its own: a stream that is left takes its connection with it.
    async with (
        ClientSession(url, timeout=ClientTimeout(total=None)) as session,
        session.get(path, headers=headers) as response,
    ):
        yield Stream(response)
