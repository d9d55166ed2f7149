"""The HTTP server: addresses, time-outs, and an ordered stop."""

import asyncio
import errno
import resource
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import ERROR

from flexura_edge.http.connection import LINGER_S, Connection, Request
from flexura_edge.http.framing import SPOKEN
from flexura_edge.http.refused_heads import FIELD_BYTES_MAX, FIELDS_MAX, LINE_BYTES_MAX
from flexura_kit import log

KEEP_ALIVE_S = 75.0  # Longer than common proxies keep an idle connection; also ends one that drips its headers.
SILENT_S = 1.0  # How long a connection must have been silent to be closed from our side.
LOOK_S = 0.02
CUT_OFF_S = 0.1  # For handlers to end once their time is up.
BACKLOG = 1024
NO_SUCH_ADDRESS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

logger = log.get_logger()


class Connections(web.Server):
    """All connections, and whether their clients are being sent elsewhere."""

    def __init__(self, handle: Handle, **settings: Any) -> None:
        super().__init__(handle, request_factory=self._request, **settings)
        self.is_draining = False

    def __call__(self) -> web.RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)

    async def end(self, grace_s: float) -> None:
        """Returns when every connection has ended: each once it has been silent for a moment, or when time is up."""
        until = self._loop.time() + grace_s
        while self._loop.time() < until:
            alive = [one for one in self.connections if isinstance(one, Connection) and one.transport is not None]
            if not alive:
                return
            for connection in alive:
                # A client that is at work sends its next request within this, and is told then.
                if connection.idle_s > SILENT_S:
                    connection.half_close()
            await asyncio.sleep(LOOK_S)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        version = HttpVersion11 if message is ERROR else message.version
        if message is ERROR or version not in SPOKEN:
            # The library's stand-in for what is no request, or a version that no answer may name: answered in ours.
            message = message._replace(version=HttpVersion11)
        if message.url.absolute:
            # Who was asked says nothing here, and decoding a host that is no name would end the connection unanswered.
            message = message._replace(url=message.url.relative())
        request = Request(message, payload, protocol, writer, task, self._loop)
        request.version_given = version
        return request


class HTTPServer:
    """Started and stopped by the lifecycle; `addresses` tells where it listens.

    When it stops, it takes new connections and requests for `drain_s` more, each with `Connection: close`: until a
    load balancer has seen that it is not ready. What is under way then has `grace_s`.
    """

    def __init__(self, handle: Handle, listen: Sequence[tuple[str, int]], drain_s: float, grace_s: float) -> None:
        self._handle = handle
        self._listen = listen
        self._drain_s = drain_s
        self._grace_s = grace_s
        self._connections: Connections | None = None
        self._runner: web.ServerRunner | None = None

    @property
    def addresses(self) -> list[tuple[str, int]]:
        return [address[:2] for address in self._runner.addresses] if self._runner else []

    async def start(self) -> None:
        allow_connections()
        self._connections = Connections(
            self._handle,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=KEEP_ALIVE_S,
            lingering_time=LINGER_S,
            # Compressed bodies are refused; unpacking them first would be the attack.
            auto_decompress=False,
            max_line_size=LINE_BYTES_MAX,
            max_field_size=FIELD_BYTES_MAX,
            max_headers=FIELDS_MAX,
        )
        self._runner = web.ServerRunner(self._connections, shutdown_timeout=CUT_OFF_S)
        await self._runner.setup()
        try:
            for host, port in self._listen:
                await self._bind(host, port)
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Drains, takes no more connections, and returns when all have ended; the idle ones end last."""
        runner, self._runner = self._runner, None
        if runner is None or self._connections is None:
            return
        self._connections.is_draining = True
        await asyncio.sleep(self._drain_s)
        for site in runner.sites:
            await site.stop()
        await self._connections.end(self._grace_s)
        await runner.cleanup()

    async def _bind(self, host: str, port: int) -> None:
        if self._runner is None:
            raise RuntimeError("the server has not been started")
        try:
            await web.TCPSite(self._runner, host, port, backlog=BACKLOG).start()
        except OSError as error:
            # A machine without IPv6 has no ::1; it is served on the other address.
            if error.errno not in NO_SUCH_ADDRESS or not self.addresses:
                raise
            logger.warning("address_skipped", host=host, port=port, error=str(error))


def allow_connections() -> None:
    """Takes all the file descriptors there may be: many systems begin with 1,024, and each client takes one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
