"""The connection to NATS, made again whenever it is lost."""

import asyncio
import contextlib
import inspect
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from nats.aio.client import Client
from nats.aio.msg import Msg

from flexura_kit import log
from flexura_kit.settings import BusSettings, secret

SERVER_MIN = (2, 11)  # Older servers drop newer settings without a word.
JETSTREAM_TIMEOUT_S = 3.0
DRAIN_S = 5.0
LOOK_INTERVAL_S = 2.0
ANSWER_S = 3.0  # Without an answer for so long it is said that there is none.
PONG_S = 24 * 3600  # As good as for ever: see `_see_answer`.
CANCELS_MAX = 10
CANCEL_WAIT_S = 0.5

Handler = Callable[[bytes], Awaitable[None] | None]
Callback = Callable[[], Awaitable[None] | None]

logger = log.get_logger()


class Bus:
    """A connection that is made in the background and made again for ever; services start without it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nats = Client()
        self.jetstream = self.nats.jetstream(timeout=JETSTREAM_TIMEOUT_S)
        self.on_connected: list[Callback] = []  # Called after each connect, the first and every later one.
        self._handlers: list[tuple[str, Handler]] = []
        self._has_subscribed = False
        self._is_closing = False
        self._where = ""
        self._error = ""
        self._answers = True
        self._connects = 0

    def trouble(self) -> str | None:
        """Says why NATS cannot be used, None while it can."""
        if self.is_connected:
            return None if self._answers else f"NATS at {self._where} does not answer"
        return f"NATS at {self._where} cannot be used: {self._error or 'it has not answered yet'}"

    @property
    def is_connected(self) -> bool:
        return self.nats.is_connected

    def subscribe(self, subject: str, handler: Handler) -> None:
        """Hears what is published on core NATS from the first connect on; hints only, some are lost.

        Call it while the service is built, before anything is waited for: a connection that is made already has its
        subscriptions.
        """
        if self._has_subscribed:
            raise RuntimeError(f"{subject} is subscribed to too late: the connection has been made")
        self._handlers.append((subject, handler))

    async def publish(self, subject: str, payload: bytes) -> bool:
        """Publishes a hint on core NATS; answers whether it left the process."""
        try:
            await self.nats.publish(subject, payload)
        except Exception as error:  # noqa: BLE001 - the client raises a dozen kinds; a hint may always be lost.
            logger.warning("hint_lost", subject=subject, error=repr(error))
            return False
        return True

    async def connect(self, settings: BusSettings) -> None:
        """Connects, trying for as long as it takes."""
        self._where = settings.url
        await self.nats.connect(
            servers=[url.strip() for url in settings.url.split(",")],
            name=self.name,
            user=settings.user or None,
            password=secret(settings.password_file) or None,
            connect_timeout=2,
            reconnect_time_wait=1,
            max_reconnect_attempts=-1,
            ping_interval=10,
            max_outstanding_pings=2,
            # Nothing is sent after a caller has given up: a publish without a connection fails at once.
            pending_size=0,
            error_cb=self._noticed,
            disconnected_cb=self._disconnected,
            reconnected_cb=self._connected,
            closed_cb=self._closed,
        )
        await self._connected()

    async def watch(self) -> None:
        """Sees whether the server answers: one that is frozen keeps its connections for half a minute."""
        while True:
            await asyncio.sleep(LOOK_INTERVAL_S)
            if self.is_connected:
                await self._see_answer()

    async def close(self) -> None:
        self._is_closing = True
        if self.nats.is_connected:
            with contextlib.suppress(Exception):  # Whatever it is, the close below ends it.
                async with asyncio.timeout(DRAIN_S):
                    await self.nats.drain()
        if not self.nats.is_closed:
            with contextlib.suppress(Exception):  # A client that has never got as far as to connect says so by raising.
                await self.nats.close()

    async def _see_answer(self) -> None:
        # Waited for as long as the connection lasts: the client ends one on which an answer comes that was given up.
        connects, asked = self._connects, asyncio.create_task(self.nats.flush(PONG_S))
        try:
            while not (await asyncio.wait({asked}, timeout=ANSWER_S))[0]:
                if not self.is_connected or self._connects != connects:
                    return
                if self._answers:
                    logger.warning("bus_unanswered")
                    self._answers = False
            if asked.exception() is None and not self._answers:
                logger.info("bus_answers_again")
                self._answers = True
        finally:
            await ended(asked)

    async def _connected(self) -> None:
        self._error = ""
        self._answers = True
        self._connects += 1
        version = self.nats.connected_server_version
        logger.info("bus_connected", server=str(version))
        if (version.major, version.minor) < SERVER_MIN:
            logger.error("bus_server_too_old", server=str(version), needed="{}.{}".format(*SERVER_MIN))
        if not self._has_subscribed:
            self._has_subscribed = True
            for subject, handler in self._handlers:
                await self.nats.subscribe(subject, cb=call_with_payload(handler))
        for callback in self.on_connected:
            await maybe_wait(callback())

    async def _disconnected(self) -> None:
        if not self._is_closing:
            self._error = "the connection was lost"
            logger.warning("bus_disconnected")

    async def _noticed(self, error: Exception) -> None:
        if not self.is_connected:
            self._error = reason_of(error)
        logger.warning("bus_error_noticed", error=repr(error))

    async def _closed(self) -> None:
        if not self._is_closing:
            # The client has given up for good, as with refused credentials; only a fresh process helps.
            logger.error("bus_closed")
            os.kill(os.getpid(), signal.SIGTERM)


@asynccontextmanager
async def bus(settings: BusSettings, name: str) -> AsyncIterator[Bus]:
    connection = Bus(name)
    secret(settings.password_file)  # Where it cannot be read, the process says so at its start.
    connecting = asyncio.create_task(connection.connect(settings), name="bus-connect")
    watching = asyncio.create_task(connection.watch(), name="bus-watch")
    try:
        yield connection
    finally:
        await ended(watching)
        await ended(connecting)
        await connection.close()


async def ended(task: asyncio.Task[None]) -> None:
    """Cancels a task until it ends: the client swallows a cancellation that reaches it while it opens a connection."""
    for _ in range(CANCELS_MAX):
        task.cancel()
        if (await asyncio.wait({task}, timeout=CANCEL_WAIT_S))[0]:
            return


def reason_of(error: Exception) -> str:
    if "authorization violation" in str(error).lower():
        return "it refuses the user or the password; see FLEXURA_NATS_USER and FLEXURA_NATS_PASSWORD_FILE"
    if isinstance(error, asyncio.TimeoutError):
        return "it does not answer"
    return str(error) or type(error).__name__


def call_with_payload(handler: Handler) -> Callable[[Msg], Awaitable[None]]:
    async def called(message: Msg) -> None:
        await maybe_wait(handler(message.data))

    return called


async def maybe_wait(result: Awaitable[None] | None) -> None:
    if inspect.isawaitable(result):
        await result
