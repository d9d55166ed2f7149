"""A browser's EventSource, as the HTML standard has it: it sends no key, and comes back by itself."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

WITHIN_S = 45.0


class EventSource:
    """Comes back after every end of a stream, and closes for good after any answer but 200 with the right type."""

    def __init__(self, url: str, origin: str = "http://localhost:5173") -> None:
        self._url = url
        self._origin = origin
        self._retry_s = 3.0
        self._arrived: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.last_event_id = ""
        self.status = 0
        """Of the last answer."""
        self.opened = 0
        self.closed = asyncio.Event()

    async def events(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(WITHIN_S):
            return [await self._arrived.get() for _ in range(count)]

    async def run(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            while not self.closed.is_set():
                with contextlib.suppress(aiohttp.ClientError):
                    await self._connect(session)
                await asyncio.sleep(0 if self.closed.is_set() else self._retry_s)

    async def _connect(self, session: aiohttp.ClientSession) -> None:
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store", "Origin": self._origin}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        async with session.get(self._url, headers=headers) as response:
            self.status = response.status
            may_read = response.headers.get("Access-Control-Allow-Origin") in {"*", self._origin}
            if response.status != 200 or response.content_type != "text/event-stream" or not may_read:
                self.closed.set()
                return
            self.opened += 1
            await self._read(response)

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        data, name, last_id = "", "message", self.last_event_id
        while raw := await response.content.readline():
            field, _, value = raw.decode().rstrip("\n").partition(":")
            value = value.removeprefix(" ")
            match field:
                case "" if raw == b"\n":
                    self.last_event_id = last_id
                    if data:
                        self._arrived.put_nowait({"type": name, "id": last_id, "data": json.loads(data)})
                    data, name = "", "message"
                case "data":
                    data += value
                case "event":
                    name = value
                case "id":
                    last_id = value
                case "retry":
                    self._retry_s = int(value) / 1000


@asynccontextmanager
async def event_source(url: str) -> AsyncIterator[EventSource]:
    source = EventSource(url)
    running = asyncio.create_task(source.run())
    try:
        yield source
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
