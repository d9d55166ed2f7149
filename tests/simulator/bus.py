"""A process's connection to NATS, with as much of the client's interface as the production code uses."""

import asyncio
import inspect
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any

import nats.errors
import nats.js.client
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, StreamConfig
from nats.js.errors import NotFoundError

from simulator.broker import Broker, PullRequest, StoredMessage, echo
from simulator.clock import Process, VirtualLoop
from simulator.faults import Fault, Faults

LATENCY_S = 0.001
LATE_S = 0.01  # The server's word that the time is up comes first, so that no hint arrives where nobody waits any more.
NANOSECONDS = 1_000_000_000
NEXT = ".CONSUMER.MSG.NEXT."
ACK = "$JS.ACK."
GIVEN_BACK, GOES_ON = b"-NAK", b"+WPI"

Handler = Callable[[bytes], Awaitable[None] | None]


class LoopTime:
    """The loop's time where the client measures what is left of a fetch; the machine's would differ at each replay."""

    @staticmethod
    def monotonic() -> float:
        return asyncio.get_running_loop().time()


nats.js.client.time = LoopTime  # type: ignore[assignment]


class CoreSubjects:
    """Who hears what on core NATS."""

    def __init__(self) -> None:
        self.listeners: list[tuple[SimulatedBus, str, Handler]] = []


class SimulatedBus:
    """Stands where `flexura_kit.bus.Bus` stands."""

    def __init__(self, process: Process, broker: Broker, core: CoreSubjects, faults: Faults, loop: VirtualLoop) -> None:
        self.process = process
        self.is_connected = False
        self.on_connected: list[Callable[[], Awaitable[None] | None]] = []
        self.nats = SimulatedClient(self, broker, loop)
        self.jetstream = SimulatedJetStream(self.nats, broker, faults)
        self._core = core
        self._faults = faults
        self._loop = loop

    def trouble(self) -> str | None:
        return None if self.is_connected else "NATS cannot be reached"

    def subscribe(self, subject: str, handler: Handler) -> None:
        self._core.listeners.append((self, subject, handler))

    async def publish(self, subject: str, payload: bytes) -> bool:
        await asyncio.sleep(LATENCY_S)
        if not self.is_connected:
            return False
        for bus, heard, handler in self._core.listeners:
            if heard == subject and bus.is_connected and not self._faults.strikes(Fault.WAKE_UP_LOST):
                self._loop.call_soon(handler, payload, context=bus.process.context.copy())
        return True

    async def connect(self) -> None:
        await asyncio.sleep(LATENCY_S)
        self.is_connected = True
        for callback in self.on_connected:
            result = callback()
            if inspect.isawaitable(result):
                await result


class SimulatedClient:
    """The client's own publishing and subscribing, on which its messages and its pull subscriptions rest."""

    def __init__(self, bus: SimulatedBus, broker: Broker, loop: VirtualLoop) -> None:
        self.bus = bus
        self.loop = loop
        self.inboxes: dict[str, Inbox] = {}
        self._broker = broker
        self._numbers = itertools.count(1)

    def new_inbox(self) -> str:
        return f"_INBOX.{self.bus.process.name}.{next(self._numbers)}"

    async def subscribe(self, subject: str) -> "Inbox":
        await self.reach()
        self.inboxes[subject] = Inbox(self, self._broker, subject)
        return self.inboxes[subject]

    async def publish(self, subject: str, payload: bytes = b"", reply: str = "") -> None:
        await self.reach()
        if NEXT in subject:
            self.inboxes[reply].pull(subject.rpartition(".")[2], json.loads(payload))
        elif payload.startswith(GIVEN_BACK):
            delay = json.loads(payload[len(GIVEN_BACK) :] or b"{}").get("delay", 0)
            self._broker.give_back(int(subject.removeprefix(ACK)), delay / NANOSECONDS)
        elif payload == GOES_ON:
            self._broker.go_on(int(subject.removeprefix(ACK)))

    async def request(self, subject: str, timeout: float) -> None:  # noqa: ARG002, ASYNC109 - as the client takes it.
        """Acknowledges, and waits until the server has heard it."""
        await self.reach()
        self._broker.acknowledge(int(subject.removeprefix(ACK)))
        await asyncio.sleep(LATENCY_S)

    async def reach(self) -> None:
        """The way to the server."""
        await asyncio.sleep(LATENCY_S)
        if not self.bus.is_connected:
            raise nats.errors.ConnectionClosedError


class Inbox:
    """What the server sends to one pull subscription, in the order in which it arrives."""

    def __init__(self, client: SimulatedClient, broker: Broker, subject: str) -> None:
        self.subject = subject
        self._client = client
        self._broker = broker
        self._pending_queue: asyncio.Queue[Msg] = asyncio.Queue()
        self._pending_size = 0
        self._requests: list[PullRequest] = []

    def pull(self, durable: str, asked: dict[str, int]) -> None:
        until = self._client.loop.time() + asked["expires"] / NANOSECONDS
        self._requests = [request for request in self._requests if request.until > self._client.loop.time()]
        self._requests.append(PullRequest(self._arrive, until))
        self._broker.pull(durable, self._requests[-1])

    async def next_msg(self, timeout: float) -> Msg:  # noqa: ASYNC109 - as the client takes it.
        # The client reckons with the clock on the wall, which stands still here: told of a time-out it would wait on.
        try:
            return await asyncio.wait_for(self._pending_queue.get(), timeout + LATE_S)
        except TimeoutError:
            raise nats.errors.Error("nothing was heard") from None

    async def drain(self) -> None:
        await self.unsubscribe()
        while not self._pending_queue.empty():
            await asyncio.sleep(LATENCY_S)

    async def unsubscribe(self) -> None:
        await self._client.reach()
        for request in self._requests:
            request.is_open = False

    def _arrive(self, message: StoredMessage | None) -> None:
        if message is None:
            arrived = Msg(self._client, self.subject, headers={"Status": "408"})
        else:
            arrived = Msg(self._client, message.subject, f"{ACK}{message.number}", message.payload)
        context = self._client.bus.process.context.copy()
        self._client.loop.call_later(LATENCY_S, self._pending_queue.put_nowait, arrived, context=context)


class SimulatedJetStream:
    """The calls of JetStream's client that provision and publish."""

    _prefix = "$JS.API"

    def __init__(self, client: SimulatedClient, broker: Broker, faults: Faults) -> None:
        self._nc = client
        self._broker = broker
        self._faults = faults

    async def stream_info(self, _name: str) -> Any:
        await self._nc.reach()
        if self._broker.stream is None:
            raise NotFoundError(code=404, description="stream not found")
        return echo(self._broker.stream)

    async def add_stream(self, config: StreamConfig) -> Any:
        await self._nc.reach()
        self._broker.provision_stream(config)
        return echo(config)

    update_stream = add_stream

    async def add_consumer(self, _stream: str, config: ConsumerConfig) -> Any:
        await self._nc.reach()
        self._broker.provision_consumer(config)
        return echo(config)

    async def consumer_info(self, _stream: str, durable: str) -> Any:
        await self._nc.reach()
        found = self._broker.durable(durable)
        return echo(found.config, num_pending=self._broker.undelivered(found))

    async def publish(self, subject: str, payload: bytes, *, timeout: float, headers: dict[str, str], **_: str) -> None:  # noqa: ASYNC109 - as the client takes it.
        await self._nc.reach()
        if self._faults.strikes(Fault.PUBLISH_FAILED):
            raise nats.errors.TimeoutError
        self._broker.publish(subject, payload, headers["Nats-Msg-Id"])
        if self._faults.strikes(Fault.PUBLISH_ANSWER_LOST):
            await asyncio.sleep(timeout)
            raise nats.errors.TimeoutError
        await asyncio.sleep(LATENCY_S)
