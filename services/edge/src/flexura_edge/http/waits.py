"""Waiting for a job or an event on behalf of a client: `?wait=` seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from aiohttp import web

from flexura_edge.http.body import SHOWN_CHARACTERS, shown
from flexura_edge.http.exchange import Exchange
from flexura_edge.keys import Keys, secret_of
from flexura_edge.limits import Limit
from flexura_edge.waiting import Waiter, Waiting
from flexura_kit.apikeys import digest
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.values import number_of

WAIT_S_MAX = 60.0
LOOK_TIMEOUT_S = 5.0
VERIFY_TIMEOUT_S = 5.0

# It may pass, and who waits has time; until then the job is as it was.
PASSING = frozenset({Kind.BUSY, Kind.TIMED_OUT})

Topic = TypeVar("Topic", bound=str)
Seen = TypeVar("Seen")
Get = Callable[[Topic, float], Awaitable[Seen]]


class Waits:
    """Keeps clients waiting, only so many at once, and each only while its key works."""

    def __init__(self, keys: Keys, waiting: Waiting, limit: Limit) -> None:
        self._keys = keys
        self._waiting = waiting
        self._limit = limit

    def place(self, wait_s: float) -> AbstractContextManager[None]:
        """A place among those who wait; taken before anything is done that a refusal could not undo."""
        return self._limit if wait_s else nullcontext()

    async def until(
        self, exchange: Exchange, topic: Topic, wait_s: float, get: Get[Topic, Seen], is_enough: Callable[[Seen], bool]
    ) -> Seen:
        """Answers what is seen once it is enough, or as it is when the time is over; refuses once the key has ended."""
        deadline = time.monotonic() + wait_s
        exchange.deadline += wait_s
        open_key = OpenKey(self._keys, self._waiting, exchange)
        with self._waiting.waiter(topic, exchange.account().key_id) as waiter:
            # Registered before this look: a change after it wakes us, and one before it is seen.
            seen = await self._look(exchange, topic, get)
            while not is_enough(seen) and await self._pauses(waiter, deadline, open_key):
                try:
                    await open_key.verify()
                    seen = await self._look(exchange, topic, get)
                except FlexuraError as error:
                    if error.kind not in PASSING:
                        raise
            # The key may have ended while this looked, or before a look that failed.
            await open_key.verify()
        return seen

    async def _look(self, exchange: Exchange, topic: Topic, get: Get[Topic, Seen]) -> Seen:
        """Looks when it is this one's turn: all who are woken together would crowd out whoever does not wait."""
        timeout_s = min(LOOK_TIMEOUT_S, exchange.remaining_s())
        try:
            async with asyncio.timeout(timeout_s), self._waiting.looks:
                return await get(topic, timeout_s)
        except TimeoutError as error:
            raise FlexuraError(
                Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "too many look at present; try again shortly"
            ) from error

    async def _pauses(self, waiter: Waiter, deadline: float, open_key: "OpenKey") -> bool:
        """Waits for a reason to look again; False once there is no time left for one."""
        left_s = deadline - time.monotonic()
        if left_s <= 0 or self._waiting.is_over:
            return False
        await waiter.wait(min(left_s, open_key.expires_in_s()))
        return True


class OpenKey:
    """The key of a request that stays open, or the one that its event token stands for."""

    def __init__(self, keys: Keys, waiting: Waiting, exchange: Exchange) -> None:
        self._keys = keys
        self._waiting = waiting
        self._digest = exchange.key_digest or digest(secret_of(exchange.request.headers.get("Authorization")))

    async def verify(self) -> None:
        """Refuses once the key has been revoked or has expired; asks auth only where it was not verified lately."""
        if self._keys.known_digest(self._digest) is not None:
            return
        try:
            # In turns: when all are woken, the first one of a key asks, and most of the others find its answer.
            async with asyncio.timeout(VERIFY_TIMEOUT_S), self._waiting.looks:
                await self._keys.caller_of(self._digest, VERIFY_TIMEOUT_S)
        except TimeoutError as error:
            raise FlexuraError(
                Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "the API key could not be verified in time; try again shortly"
            ) from error

    def expires_in_s(self) -> float:
        """Seconds after which the key is to be verified because it expires."""
        return self._keys.expires_in_s(self._digest)


def wait_s_of(request: web.BaseRequest) -> float:
    """Reads `?wait=`; 0 where it is not given, or empty."""
    if "?" not in request.raw_path:
        return 0.0
    given = request.query.getall("wait", [])
    if not given or given == [""]:
        return 0.0
    seconds = number_of(given[0][:SHOWN_CHARACTERS].strip()) if len(given) == 1 else None
    if seconds is None or not 0 <= seconds <= WAIT_S_MAX:
        seen = shown(given[0].encode(errors="replace").decode()) if len(given) == 1 else f"{len(given)} values"
        message = f"`wait` takes seconds from 0 to {WAIT_S_MAX:.0f}, once, such as `?wait=30`, not {seen}"
        raise FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, [FieldViolation("wait", message)])
    return float(seconds)
