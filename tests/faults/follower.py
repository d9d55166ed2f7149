"""A client that follows the feed through everything, and goes on after the last event that it has seen."""

import asyncio
import contextlib
import random

import aiohttp
from faults.history import History, JobEvent
from servers.events import stream

COME_BACK_S = 0.3
EVENTS_OF_A_STREAM_MAX = 40  # Then it leaves by itself, in mid-stream: it is to come back to every kind of place.
OK = 200


class Follower:
    def __init__(self, url: str, key: str, history: History, seed: int) -> None:
        self._url = url
        self._key = key
        self._history = history
        self._draw = random.Random(seed)  # noqa: S311 - it is to be repeated, not to be secret.
        self._last_id = ""
        self.is_there = asyncio.Event()
        """Set once it has a place, from which on it must miss nothing."""

    async def run(self) -> None:
        self._history.followed = []
        while True:
            # Cut off, refused or left without a sign of life: it knows where it was.
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                await self._follow(self._history.followed)
            await asyncio.sleep(COME_BACK_S)

    async def _follow(self, followed: list[JobEvent]) -> None:
        async with stream(self._url, self._key, last_id=self._last_id) as client:
            if client.response.status != OK:
                return
            self._history.follows += 1
            leaves_at = len(followed) + self._draw.randint(1, EVENTS_OF_A_STREAM_MAX)
            while len(followed) < leaves_at and (block := await client.block()) is not None:
                self._last_id = block.id or self._last_id
                self.is_there.set()
                if block.data is not None:
                    told = block.data["data"]
                    # By the number in which it came: any that is missing or told twice moves all that follow.
                    followed.append(JobEvent(len(followed) + 1, told["job_id"], told["status"]))
