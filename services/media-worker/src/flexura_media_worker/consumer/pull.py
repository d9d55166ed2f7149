"""Pulling hints from one consumer, as many as there are free slots."""

import asyncio
import contextlib
from collections.abc import Callable

from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import FetchTimeoutError

from flexura_kit import log
from flexura_kit.bus import Bus
from flexura_media_worker.consumer.hints import TROUBLE, Heartbeats, NATSHint
from flexura_media_worker.domain import WorkSource
from flexura_media_worker.service.capacity import Capacity, Slot

# Short, because a fetch is never cancelled: the server would go on to deliver into a queue that nobody reads. It is
# also how long a stopping worker waits for the last one.
FETCH_S = 1.5
HEARTBEAT_S = 0.4
SILENT_MAX = 3  # Fetches in a row without a sign of life before the binding is made anew.
REBIND_S = 1.0
# A slot may become free at any moment where jobs are short. Where they are long, the hint is better elsewhere.
SLOT_WAIT_S = 0.05

logger = log.get_logger()

Take = Callable[[NATSHint, Slot], None]


class Puller:
    """One fetch at a time, and only while a slot is free.

    Several pullers may wait for the same slot; the first hint gets it, the others go back to the stream.
    """

    def __init__(self, bus: Bus, source: WorkSource, capacity: Capacity, heartbeats: Heartbeats, take: Take) -> None:
        self._bus = bus
        self._source = source
        self._capacity = capacity
        self._heartbeats = heartbeats
        self._take = take
        self._is_stopping = False
        self._noticed = ""

    def stop(self) -> None:
        """Lets the fetch under way be the last."""
        self._is_stopping = True

    async def pull_until_stopped(self) -> None:
        while not self._is_stopping:
            try:
                await self._pull_from_binding()
            except TROUBLE as error:
                self._notice(repr(error))
                await asyncio.sleep(REBIND_S)

    def _notice(self, trouble: str) -> None:
        """Says once what is wrong, not with every attempt to mend it."""
        if self._bus.is_connected and trouble != self._noticed:
            self._noticed = trouble
            logger.warning("consumer_lost", consumer=self._source.durable, error=trouble)

    async def _pull_from_binding(self) -> None:
        subscription = await self._bus.jetstream.pull_subscribe_bind(
            durable=self._source.durable, stream=self._source.stream
        )
        try:
            silent = 0
            while not self._is_stopping and silent < SILENT_MAX and await self._capacity.wait_until_free():
                silent = await self._pull_one(subscription, silent)
        finally:
            with contextlib.suppress(*TROUBLE):
                await subscription.unsubscribe()

    async def _pull_one(self, subscription: JetStreamContext.PullSubscription, silent: int) -> int:
        """Answers how many fetches in a row have heard nothing at all."""
        try:
            (message,) = await subscription.fetch(1, timeout=FETCH_S, heartbeat=HEARTBEAT_S)
        except FetchTimeoutError:
            return 0
        except TimeoutError:
            return silent + 1
        self._noticed = ""
        await self._hand_over(message)
        return 0

    async def _hand_over(self, message: Msg) -> None:
        hint = NATSHint(message, self._source.ack_wait, self._heartbeats)
        slot = None if self._is_stopping else await self._capacity.take(SLOT_WAIT_S)
        if slot is None:
            await hint.return_after(0)
        else:
            self._take(hint, slot)
