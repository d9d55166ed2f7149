"""Hints as messages of JetStream, and the word that keeps them from being given to others meanwhile."""

import asyncio
from datetime import timedelta

import nats.errors
from nats.aio.msg import Msg

from flexura_kit import log

ACK_S = 2.0
BEATS_PER_ACK_WAIT = 3
TICK_S = 0.5

# All that the client raises: its own errors, time-outs and those of the socket.
TROUBLE = (nats.errors.Error, TimeoutError, OSError)

logger = log.get_logger()


class Heartbeats:
    """Tells the stream that work on open hints goes on. Its task is its own: no job can hold it up."""

    def __init__(self) -> None:
        self._open: dict[NATSHint, float] = {}

    def open(self, hint: "NATSHint") -> None:
        self._open[hint] = self._next(hint)

    def close(self, hint: "NATSHint") -> None:
        self._open.pop(hint, None)

    async def beat_for_ever(self) -> None:
        while True:
            now = asyncio.get_running_loop().time()
            for hint in [hint for hint, due in self._open.items() if due <= now]:
                if hint in self._open:  # One before it may have taken its time.
                    self._open[hint] = self._next(hint)
                    await hint.go_on()
            await asyncio.sleep(TICK_S)

    @staticmethod
    def _next(hint: "NATSHint") -> float:
        return asyncio.get_running_loop().time() + hint.ack_wait.total_seconds() / BEATS_PER_ACK_WAIT


class NATSHint:
    """A message whose payload is the id of a job that waits."""

    def __init__(self, message: Msg, ack_wait: timedelta, heartbeats: Heartbeats) -> None:
        self._message = message
        self._heartbeats = heartbeats
        self.ack_wait = ack_wait
        self.job_id = message.data.decode("ascii", "replace")
        heartbeats.open(self)

    async def settle(self) -> None:
        self._heartbeats.close(self)
        try:
            await self._message.ack_sync(timeout=ACK_S)
        except TROUBLE as error:
            # It is given again after `ack_wait`, and the claim is refused then.
            logger.warning("hint_not_settled", job_id=self.job_id, error=repr(error))

    async def return_after(self, delay_s: float) -> None:
        self._heartbeats.close(self)
        try:
            await self._message.nak(delay=delay_s or None)
        except TROUBLE as error:
            logger.warning("hint_not_returned", job_id=self.job_id, error=repr(error))

    async def go_on(self) -> None:
        try:
            await self._message.in_progress()
        except TROUBLE as error:
            logger.warning("heartbeat_lost", job_id=self.job_id, error=repr(error))
