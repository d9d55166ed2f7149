"""A client of the feed of events: reads a stream as a browser does, and knows the place to come back to."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout

WITHIN_S = 45.0
"""Longer than a stream is ever silent, also on a machine that is busy."""


@dataclass
class Told:
    """One block of a stream; only one with data is an event."""

    id: str = ""
    event: str = ""
    data: Any = None
    comment: str = ""


class Stream:
    def __init__(self, response: ClientResponse) -> None:
        self.response = response
        self.last_id = ""
        self.comments: list[str] = []

    async def block(self) -> Told | None:
        """The next block; None at a clean end."""
        lines: list[str] = []
        async with asyncio.timeout(WITHIN_S):
            while line := (await self.response.content.readline()).decode():
                if line != "\n":
                    lines.append(line.rstrip("\n"))
                elif lines:
                    break
            else:
                return None  # What was begun and not ended with an empty line was never sent whole.
        return self._read(lines)

    async def events(self, count: int) -> list[Told]:
        """The next so many events, whatever comes between."""
        told: list[Told] = []
        while len(told) < count:
            block = await self.block()
            assert block is not None, f"it ended after {len(told)} of {count}: {self.comments}"
            told += [block] if block.data is not None else []
        return told

    async def rest(self) -> list[Told]:
        """The events until the end."""
        told: list[Told] = []
        while (block := await self.block()) is not None:
            told += [block] if block.data is not None else []
        return told

    def _read(self, lines: list[str]) -> Told:
        told = Told()
        for name, _, value in (line.partition(":") for line in lines):
            match name:
                case "":
                    told.comment = value.strip()
                    self.comments.append(told.comment)
                case "id":
                    told.id = self.last_id = value.strip()
                case "event":
                    told.event = value.strip()
                case "data":
                    told.data = json.loads(value)
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
