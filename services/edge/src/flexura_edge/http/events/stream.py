"""A feed that stays open: server-sent events, from a place on until there is a reason to end."""

import asyncio
import time
from collections.abc import Sequence

from aiohttp import web
from multidict import CIMultiDict
from prometheus_client import Gauge

from flexura.jobs.v1 import jobs_service_pb2 as pb
from flexura_edge.http.events.cursor import cursor_of
from flexura_edge.http.events.event_json import event_json, event_type
from flexura_edge.http.events.reader import Reader
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.job_json import is_finished
from flexura_edge.http.waits import LOOK_TIMEOUT_S, PASSING, OpenKey
from flexura_edge.keys import Keys
from flexura_edge.limits import StreamLimit
from flexura_edge.waiting import Waiter, Waiting
from flexura_kit.errors import FlexuraError

MEDIA_TYPE = "text/event-stream"
PAGE = 32  # Events in memory at once for one client, each under 20 KB.
RETRY_MS = 2000  # What a browser waits before it comes back.
CLIENT_IDLE_S = 60.0  # A client that takes nothing for so long has left without saying so.

OPEN = Gauge("flexura_event_streams", "Event streams that are open.")

JOB_ENDED = "the job has ended, and with it this stream"
STOPPING = "this server is stopping; come back with the last id"


class EventStreams:
    """Sends what happens as it happens. What a client does not take is not read for it either."""

    def __init__(self, keys: Keys, waiting: Waiting, places: StreamLimit, public_url: str, heartbeat_s: float) -> None:
        self._keys = keys
        self._waiting = waiting
        self._places = places
        self._public_url = public_url
        self._heartbeat_s = heartbeat_s

    async def follow(self, exchange: Exchange, reader: Reader, *, job_has_ended: bool) -> web.StreamResponse:
        """Without a place in it, an account's stream begins with what happens from now on, a job's with its birth."""
        caller = exchange.account()
        with self._places.of(caller.account_id), self._waiting.waiter(reader.topic, caller.key_id) as waiter:
            # Registered before these looks: an event after them wakes us, and one before them is seen.
            if reader.after is None and reader.job_id is None:
                await reader.skip_to_now(exchange.remaining_s())
            start = reader.cursor
            events = await reader.read(PAGE, exchange.remaining_s())
            if job_has_ended and not events:
                # Whoever comes back after the end is told to stay away: a browser would come back for ever.
                return web.Response(status=204, headers=stream_headers(exchange))
            with OPEN.track_inprogress():
                outlet = Outlet(exchange, self._heartbeat_s)
                await outlet.open(start)
                open_key = OpenKey(self._keys, self._waiting, exchange)
                why = await self._send(open_key, reader, outlet, waiter, events)
                return await outlet.close(why)

    async def _send(
        self, open_key: OpenKey, reader: Reader, outlet: "Outlet", waiter: Waiter, events: Sequence[pb.Event]
    ) -> str:
        """Sends until there is a reason to end, and answers it."""
        while True:
            for event in events:
                cursor = cursor_of(reader.account_id, event.sequence)
                await outlet.send(cursor, event_type(event), event_json(event, self._public_url))
            if reader.job_id is not None and events and is_finished(events[-1]):
                return JOB_ENDED
            if not reader.has_more:
                await outlet.beat(reader.cursor)
                await waiter.wait(min(outlet.until_beat_s, open_key.expires_in_s()))
            why = await self._why_over(open_key)
            if why is not None:
                return why
            events = await self._look(reader)

    async def _look(self, reader: Reader) -> Sequence[pb.Event]:
        """Looks for more. While jobs is away there is none, and the stream stays open."""
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S), self._waiting.looks:
                return await reader.read(PAGE, LOOK_TIMEOUT_S)
        except TimeoutError:
            return []
        except FlexuraError as error:
            if error.kind not in PASSING:
                raise
            return []

    async def _why_over(self, open_key: OpenKey) -> str | None:
        if self._waiting.is_over:
            return STOPPING
        try:
            await open_key.verify()
        except FlexuraError as error:
            return error.message
        return None


class Outlet:
    """What is written to one client, and when it is time to write again so that it does not take us for dead."""

    def __init__(self, exchange: Exchange, heartbeat_s: float) -> None:
        self._request = exchange.request
        self._response = exchange.response = web.StreamResponse(headers=stream_headers(exchange))
        self._heartbeat_s = heartbeat_s
        self._beat_at = 0.0
        self._told: str | None = None

    @property
    def until_beat_s(self) -> float:
        return max(0.0, self._beat_at - time.monotonic())

    async def open(self, cursor: str | None) -> None:
        """Begins with the place: a client that is cut off before its first event comes back to it too."""
        await self._response.prepare(self._request)
        await self._write(f"retry: {RETRY_MS}\n{self._id_line(cursor)}\n".encode())

    async def send(self, cursor: str, name: str, data: bytes) -> None:
        self._told = cursor
        # Metadata is the caller's own JSON, in which a line may end between two values.
        line = data.replace(b"\n", b" ").replace(b"\r", b" ")
        await self._write(b"id: %s\nevent: %s\ndata: %s\n\n" % (cursor.encode(), name.encode(), line))

    async def beat(self, cursor: str | None) -> None:
        """Says that we are there, where it is time to, and what place a quiet feed has come to meanwhile."""
        if self.until_beat_s == 0:
            await self._write(f"{self._id_line(cursor)}: heartbeat\n\n".encode())

    async def close(self, why: str) -> web.StreamResponse:
        await self._write(f": {why}\n\n".encode())
        await self._response.write_eof()
        return self._response

    def _id_line(self, cursor: str | None) -> str:
        if cursor is None or cursor == self._told:
            return ""
        self._told = cursor
        return f"id: {cursor}\n"

    async def _write(self, block: bytes) -> None:
        try:
            async with asyncio.timeout(CLIENT_IDLE_S):
                # Waits while the client's socket is full, and so does all that is before it.
                await self._response.write(block)
        except TimeoutError as error:
            raise ConnectionAbortedError("the client takes nothing any more") from error
        self._beat_at = time.monotonic() + self._heartbeat_s


def stream_headers(exchange: Exchange) -> CIMultiDict[str]:
    # The last one keeps a common proxy from holding events back.
    return exchange.headers(MEDIA_TYPE, ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"))
