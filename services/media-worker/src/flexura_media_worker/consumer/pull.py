"""Pulling hints from one consumer, as many as there are free slots."""

import asyncio
from collections.abc import Callable

from nats.aio.msg import Msg
from nats.js.errors import FetchTimeoutError

from flexura_kit import log
from flexura_kit.bus import Bus
from flexura_media_worker.consumer.binding import Binding
from flexura_media_worker.consumer.hints import TROUBLE, Heartbeats, NATSHint
from flexura_media_worker.domain import WorkSource
from flexura_media_worker.service.capacity import Capacity, Slot

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
        binding = await Binding.open(self._bus, self._source)
        try:
            silent = 0
            while not self._is_stopping and silent < SILENT_MAX and await self._capacity.wait_until_free():
                silent = await self._pull_one(binding, silent)
            if self._is_stopping and self._bus.is_connected:
                async for message in binding.leave():
                    await self._hand_over(message)
        finally:
            await binding.close()

    async def _pull_one(self, binding: Binding, silent: int) -> int:
        """Answers how many fetches in a row have heard nothing at all."""
        try:
            message = await binding.fetch()
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
