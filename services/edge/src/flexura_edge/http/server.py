"""The HTTP server: addresses, time-outs, and an ordered stop."""

import errno
import resource
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from flexura_edge.http.exchange import Exchange
from flexura_edge.http.problem import HIDDEN, problem
from flexura_kit import log
from flexura_kit.errors import FlexuraError, Kind, Reason

KEEP_ALIVE_S = 75.0  # Longer than common proxies keep an idle connection; also ends one that drips its headers.
LINGER_S = 2.0  # How long the rest of a refused body is read, so that the client sees the refusal.
BACKLOG = 1024
NO_SUCH_ADDRESS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

logger = log.get_logger()


class Connection(web.RequestHandler):
    """One connection of a client; what is not HTTP is answered like every other error."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - the library's own words stay inside.
    ) -> web.StreamResponse:
        exchange = Exchange(request)
        if request.writer.output_size > 0:
            raise ConnectionAbortedError("the answer could not be finished") from exc
        error = HIDDEN if status >= web.HTTPInternalServerError.status_code else not_http(exc)
        logger.info("request_refused", code=error.reason, request_id=exchange.request_id)
        response = problem(exchange, error)
        response.force_close()
        return response


class Connections(web.Server):
    def __call__(self) -> web.RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)


class HTTPServer:
    """Started and stopped by the lifecycle; `addresses` tells where it listens."""

    def __init__(self, handle: Handle, listen: Sequence[tuple[str, int]], grace_s: float) -> None:
        self._handle = handle
        self._listen = listen
        self._grace_s = grace_s
        self._runner: web.ServerRunner | None = None

    @property
    def addresses(self) -> list[tuple[str, int]]:
        return [address[:2] for address in self._runner.addresses] if self._runner else []

    async def start(self) -> None:
        allow_connections()
        connections = Connections(
            self._handle,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=KEEP_ALIVE_S,
            lingering_time=LINGER_S,
            # Compressed bodies are refused; unpacking them first would be the attack.
            auto_decompress=False,
        )
        self._runner = web.ServerRunner(connections, shutdown_timeout=self._grace_s)
        await self._runner.setup()
        try:
            for host, port in self._listen:
                await self._bind(host, port)
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Takes no more requests, and returns when those under way have ended."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

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


def not_http(cause: BaseException | None) -> FlexuraError:
    what = "the request line or a header is too long" if isinstance(cause, LineTooLong) else "this is no HTTP message"
    return FlexuraError(Kind.INVALID, Reason.BAD_REQUEST, f"{what}; send the request with a common HTTP client")
