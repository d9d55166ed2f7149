"""The feed of events over HTTP: a stream for who asks for one, pages for all others."""

from collections.abc import Awaitable, Callable, Sequence

import orjson
from aiohttp import web

from flexura.jobs.v1 import job_pb2
from flexura.jobs.v1 import jobs_service_pb2 as pb
from flexura_edge.http.events.cursor import WRONG, cursor_of, sequence_of
from flexura_edge.http.events.event_json import event_json
from flexura_edge.http.events.reader import ListEvents, Reader
from flexura_edge.http.events.stream import MEDIA_TYPE, EventStreams, stream_headers
from flexura_edge.http.exchange import EVENT_TOKEN, Exchange
from flexura_edge.http.job_json import is_finished
from flexura_edge.http.jobs import ID_CHARACTERS_MAX, job_of
from flexura_edge.http.media_types import quality_of
from flexura_edge.http.query import Query
from flexura_edge.http.waits import Waits, wait_s_of
from flexura_kit.ids import AccountId, JobId

STREAM_PARAMETERS = ("cursor", "job_id", EVENT_TOKEN)
PAGE_PARAMETERS = (*STREAM_PARAMETERS, "limit", "wait")
LIMIT, LIMIT_MAX = 50, 100
CURSOR_CHARACTERS_MAX = 100
TOKEN_CHARACTERS_MAX = 8190  # Of a whole request line.
LAST_EVENT_ID = "Last-Event-ID"

GetJob = Callable[[AccountId, JobId, float], Awaitable[job_pb2.Job]]


class Events:
    """Reads requests for the feed; the streams do the rest of theirs."""

    def __init__(
        self, list_events: ListEvents, get_job: GetJob, streams: EventStreams, waits: Waits, public_url: str
    ) -> None:
        self._list_events = list_events
        self._get_job = get_job
        self._streams = streams
        self._waits = waits
        self._public_url = public_url

    async def of_account(self, exchange: Exchange) -> web.StreamResponse:
        return await self._answer(exchange, "")

    async def of_job(self, exchange: Exchange) -> web.StreamResponse:
        return await self._answer(exchange, job_of(exchange.parameter))

    async def _answer(self, exchange: Exchange, of_job: str) -> web.StreamResponse:
        is_stream = wants_stream(exchange.request)
        known = STREAM_PARAMETERS if is_stream else PAGE_PARAMETERS
        query = Query(exchange.request, [name for name in known if not (of_job and name == "job_id")])
        asked = of_job or query.text("job_id", ID_CHARACTERS_MAX)
        query.text(EVENT_TOKEN, TOKEN_CHARACTERS_MAX)  # Beside a key it says nothing; two of them are refused.
        account_id = exchange.account().account_id
        after = place_of(account_id, query, exchange.request.headers.getall(LAST_EVENT_ID, []), is_stream=is_stream)
        limit = query.number("limit", 1, LIMIT_MAX, LIMIT)
        query.check()
        job_id = job_of(asked) if asked else None
        wait_s = 0.0 if is_stream else wait_s_of(exchange.request)
        reader = Reader(self._list_events, account_id, job_id, after)
        job_has_ended = await self._has_ended(exchange, job_id) if job_id else False
        if not is_stream:
            return await self._page(exchange, reader, limit, wait_s)
        if exchange.request.method == "HEAD":
            return web.Response(headers=stream_headers(exchange))
        return await self._streams.follow(exchange, reader, job_has_ended=job_has_ended)

    async def _has_ended(self, exchange: Exchange, job_id: JobId) -> bool:
        """Refuses where the account has no such job."""
        return is_finished(await self._get_job(exchange.account().account_id, job_id, exchange.remaining_s()))

    async def _page(self, exchange: Exchange, reader: Reader, limit: int, wait_s: float) -> web.StreamResponse:
        def read(_topic: str, timeout_s: float) -> Awaitable[Sequence[pb.Event]]:
            return reader.read(limit, timeout_s)

        if wait_s:
            with self._waits.place(wait_s):
                events = await self._waits.until(exchange, reader.topic, wait_s, read, bool)
        else:
            events = await reader.read(limit, exchange.remaining_s())
        page = {
            "events": [self._numbered(reader.account_id, event) for event in events],
            "cursor": reader.cursor,
            "has_more": reader.has_more,
        }
        return exchange.json(orjson.dumps(page))

    def _numbered(self, account_id: AccountId, event: pb.Event) -> orjson.Fragment:
        cursor = cursor_of(account_id, event.sequence)
        return orjson.Fragment(b'{"id":"%s",%s' % (cursor.encode(), event_json(event, self._public_url)[1:]))


def wants_stream(request: web.BaseRequest) -> bool:
    """Whoever names streams is sent one, unless JSON is wanted more or `q=0` says that a stream is not."""
    accept = request.headers.getall("Accept", [])
    wanted = quality_of(accept, MEDIA_TYPE)
    return wanted > 0 and wanted >= quality_of(accept, "application/json")


def place_of(account_id: AccountId, query: Query, last_event_ids: Sequence[str], *, is_stream: bool) -> int | None:
    """What a client that comes back to a stream was told last goes before the address that it first came to.

    A page has no address to come back to: there both may stand only where they are the same.
    """
    given = query.text("cursor", CURSOR_CHARACTERS_MAX)
    name = "cursor"
    if len(last_event_ids) > 1:
        query.refuse(LAST_EVENT_ID, f"`{LAST_EVENT_ID}` is sent {len(last_event_ids)} times; send it once")
        return None
    last_event_id = last_event_ids[0] if last_event_ids else ""
    if last_event_id and given not in {"", last_event_id} and not is_stream:
        query.refuse(LAST_EVENT_ID, f"`{LAST_EVENT_ID}` and `cursor` name two places; send one of them")
        return None
    if last_event_id:
        name, given = LAST_EVENT_ID, last_event_id
    if not given:
        return None
    sequence = sequence_of(account_id, given)
    if sequence is None:
        query.refuse(name, f"`{name}` {WRONG}")
    return sequence
