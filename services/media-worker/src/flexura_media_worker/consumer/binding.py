"""A consumer of JetStream and the inbox that it delivers to: message by message, and at the end what is on its way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext

from flexura_kit.bus import Bus
from flexura_media_worker.consumer.hints import TROUBLE
from flexura_media_worker.domain import WorkSource

# Short, because a fetch is never cancelled: the server would go on to deliver into a queue that nobody reads. It is
# also how long a stopping worker waits for the last one.
FETCH_S = 1.5
HEARTBEAT_S = 0.4
LEAVE_S = 2.0
LATE_S = 0.1
DELIVERY = "$JS.ACK."  # How the reply address of a message begins; the server's own words have none.


class Binding:
    def __init__(self, bus: Bus, source: WorkSource, inbox: Subscription) -> None:
        self._bus = bus
        self._inbox = inbox
        self._pull = JetStreamContext.PullSubscription(
            bus.jetstream, inbox, source.stream, source.durable, inbox.subject.encode()
        )

    @classmethod
    async def open(cls, bus: Bus, source: WorkSource) -> "Binding":
        return cls(bus, source, await bus.nats.subscribe(bus.nats.new_inbox()))

    async def fetch(self) -> Msg:
        """Answers a message; raises FetchTimeoutError where there is none, TimeoutError where nothing is heard."""
        while self._pull.pending_msgs:
            # It came too late for the fetch before. Taken by the client's own fetch, it would count as unread for ever.
            message = await self._inbox.next_msg(timeout=FETCH_S)
            if is_delivery(message):
                return message
        (message,) = await self._pull.fetch(1, timeout=FETCH_S, heartbeat=HEARTBEAT_S)
        return message

    async def close(self) -> None:
        with contextlib.suppress(*TROUBLE):
            await self._inbox.unsubscribe()

    async def leave(self) -> AsyncIterator[Msg]:
        """Closes, and answers what the server had sent until it heard of that: nobody else gets it before its time."""
        until = asyncio.get_running_loop().time() + LEAVE_S
        leaving = asyncio.create_task(drained(self._inbox), name="leave-consumer")
        try:
            while not leaving.done() and asyncio.get_running_loop().time() < until:
                with contextlib.suppress(*TROUBLE):
                    message = await self._inbox.next_msg(timeout=LATE_S)
                    if is_delivery(message):
                        yield message
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)


async def drained(inbox: Subscription) -> None:
    await inbox.drain()  # type: ignore[no-untyped-call]


def is_delivery(message: Msg) -> bool:
    return message.reply.startswith(DELIVERY)
