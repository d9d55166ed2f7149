"""A server of JetStream in memory: one work queue, its consumers, and acknowledgements that run out."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from nats.js.api import ConsumerConfig, StreamConfig
from nats.js.errors import NoStreamResponseError, NotFoundError

from simulator.clock import WORLD, VirtualLoop
from simulator.faults import Fault, Faults

DELAY_S_MAX = 8.0


@dataclass(eq=False, slots=True)
class StoredMessage:
    """A message until it is acknowledged. `due` is when it may be delivered, again or at all."""

    number: int
    subject: str
    payload: bytes
    message_id: str
    due: float
    deliveries: int = 0
    ack_wait_s: float = 0.0


@dataclass(eq=False, slots=True)
class PullRequest:
    """A wish for one message. `arrive` takes it, or None where the time is up."""

    arrive: Callable[[StoredMessage | None], None]
    until: float
    is_open: bool = True


@dataclass(eq=False)
class Durable:
    """A durable pull consumer: whoever asks waits in line."""

    config: ConsumerConfig
    requests: deque[PullRequest] = field(default_factory=deque)


class Broker:
    """What all processes share of NATS. Everything in it is lost when the stream is deleted."""

    def __init__(self, loop: VirtualLoop, faults: Faults, dice: random.Random) -> None:
        self._loop = loop
        self._faults = faults
        self._dice = dice
        self._last_number = 0
        self.stream: StreamConfig | None = None
        self.messages: dict[int, StoredMessage] = {}
        self.durables: dict[str, Durable] = {}
        self.given_back = 0
        self.on_acknowledged: Callable[[StoredMessage], None] = lambda _: None
        self._seen: dict[str, float] = {}

    def delete_stream(self) -> None:
        self._loop.note("the stream is deleted")
        self.stream = None
        self.messages.clear()
        self.durables.clear()
        self._seen.clear()

    def provision_stream(self, config: StreamConfig) -> None:
        self.stream = config

    def provision_consumer(self, config: ConsumerConfig) -> None:
        if self.stream is None:
            raise NotFoundError(code=404, description="stream not found")
        self.durables.setdefault(str(config.durable_name), Durable(config)).config = config

    def durable(self, name: str) -> Durable:
        if name not in self.durables:
            raise NotFoundError(code=404, description="consumer not found")
        return self.durables[name]

    def publish(self, subject: str, payload: bytes, message_id: str) -> None:
        if self.stream is None:
            raise NoStreamResponseError
        now = self._loop.time()
        if message_id in self._seen and self._seen[message_id] > now - float(self.stream.duplicate_window or 0):
            return
        self._seen[message_id] = now
        if self._faults.strikes(Fault.HINT_LOST):
            return
        is_late = self._faults.strikes(Fault.HINT_DELAYED)
        self._store(subject, payload, message_id, now + is_late * self._dice.uniform(0.0, DELAY_S_MAX))
        if self._faults.strikes(Fault.HINT_DOUBLED):
            self._store(subject, payload, message_id, now)
        self._deliver()

    def undelivered(self, durable: Durable) -> int:
        return sum(m.deliveries == 0 for m in self.messages.values() if m.subject == durable.config.filter_subject)

    def pull(self, name: str, request: PullRequest) -> None:
        """Of a consumer that is not there nothing is heard."""
        durable = self.durables.get(name)
        if durable is not None:
            durable.requests.append(request)
            self._loop.call_at(request.until, self._expire, request, context=WORLD.context)
            self._deliver()

    def acknowledge(self, number: int) -> None:
        message = self.messages.pop(number, None)
        if message is not None:
            self._loop.note(f"hint of {message.payload[-2:].decode()} is acknowledged")
            self.on_acknowledged(message)

    def give_back(self, number: int, delay_s: float) -> None:
        self.given_back += 1
        self.postpone(number, delay_s)

    def postpone(self, number: int, delay_s: float) -> None:
        """For a message that is given back, is given out, or whose work goes on."""
        message = self.messages.get(number)
        if message is not None:
            message.due = self._loop.time() + delay_s
            # In no process's context: the server outlives them all.
            self._loop.call_at(message.due, self._deliver, context=WORLD.context)

    def go_on(self, number: int) -> None:
        message = self.messages.get(number)
        if message is not None:
            self.postpone(number, message.ack_wait_s)

    def _store(self, subject: str, payload: bytes, message_id: str, due: float) -> None:
        self._last_number += 1
        self.messages[self._last_number] = StoredMessage(self._last_number, subject, payload, message_id, due)
        if due > self._loop.time():
            self._loop.call_at(due, self._deliver, context=WORLD.context)

    def _deliver(self) -> None:
        now = self._loop.time()
        for durable in self.durables.values():
            if not durable.requests:
                continue
            subject = durable.config.filter_subject
            due = [m for m in self.messages.values() if m.due <= now and m.subject == subject]
            if len(due) > 1 and self._faults.strikes(Fault.HINTS_REORDERED):
                self._dice.shuffle(due)
            for message in due:
                self._hand_out(durable, message)

    def _hand_out(self, durable: Durable, message: StoredMessage) -> None:
        while durable.requests:
            request = durable.requests.popleft()
            if not request.is_open:
                continue
            request.is_open = False
            message.deliveries += 1
            message.ack_wait_s = float(durable.config.ack_wait or 0)
            self._loop.note(f"hint of {message.payload[-2:].decode()} is given out")
            self.postpone(message.number, message.ack_wait_s)
            if not self._faults.strikes(Fault.DELIVERY_LOST):
                request.arrive(message)
            return

    def _expire(self, request: PullRequest) -> None:
        if request.is_open:
            request.is_open = False
            request.arrive(None)


def echo(config: Any, **more: Any) -> Any:
    """The server's word on what it runs, as its client shows it."""
    return SimpleNamespace(config=config, **more)
