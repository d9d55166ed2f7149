"""One connection of a client: telling HTTP from what is none, and when it may end."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import HttpVersion11, web
from aiohttp.http import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import _ErrInfo

from flexura_edge.http.exchange import Exchange
from flexura_edge.http.problem import HIDDEN, problem
from flexura_edge.http.refused_heads import HEAD_BYTES_MAX, HeadTooLarge, head_end, refusal_of
from flexura_kit import log

if TYPE_CHECKING:
    from flexura_edge.http.server import Connections

LINGER_S = 2.0  # How long the rest of a refused request is read, so that the client sees the refusal.
ANSWERED_S = 3.0  # What a client that has ended its side, or has left, is still answered within.
LOOK_S = 0.05
HALF_CLOSED_S = 0.5  # How long a client that has just sent a request has to see that it was not taken.

logger = log.get_logger()


class Request(web.BaseRequest):
    """A request whose connection goes on after the answer, unless the server drains by then."""

    version_given = HttpVersion11
    """What it says of itself; `version` is what it is answered in."""

    @property
    def keep_alive(self) -> bool:
        connection = self.protocol
        return not (self._message.should_close or (isinstance(connection, Connection) and connection.is_last))


class Connection(web.RequestHandler):
    """Answers what is not HTTP like every other error, and ends without a reset."""

    __slots__ = ("_connections", "_discards", "_has_ended", "_head")

    def __init__(self, manager: "Connections", **settings: Any) -> None:
        super().__init__(manager, **settings)
        self._connections = manager
        self._head = b""
        """What has arrived of a request line and its headers, until they are whole."""
        self._discards = False
        """Whether nothing that arrives is read any more."""
        self._has_ended = False
        """Whether the client has said that it sends no more."""

    @property
    def is_last(self) -> bool:
        """Tells whether no request will follow this one."""
        return self._connections.is_draining or (self._has_ended and not self._messages)

    @property
    def idle_s(self) -> float:
        """Seconds since its last answer; 0 while a request is under way or arrives."""
        if not self._is_waiting or self._head or self._messages or self._discards:
            return 0.0
        return self._loop.time() - (self._next_keepalive_close_time - self._keepalive_timeout)

    @property
    def _is_waiting(self) -> bool:
        """Tells whether the next request is waited for."""
        return self._waiter is not None and not self._waiter.done()

    def data_received(self, data: bytes) -> None:
        if self._discards:
            return
        if self._waiter is None and self._request_count:
            # A handler is at work, so this is a body, or a request that came too early.
            super().data_received(data)
            return
        self._head += data
        super().data_received(data)
        self._refuse_large_head()
        if self._messages and isinstance(self._messages[-1][0], RawRequestMessage):
            self._head = b""

    def eof_received(self) -> bool:  # type: ignore[override] # The library never keeps it; asyncio's protocol may.
        """Keeps the connection for what was asked already: who sends no more may still read, as `nc -N` does."""
        self._has_ended = True
        if self._is_waiting or not self._request_count:
            return False
        self._close_when_answered(self._loop.time() + ANSWERED_S)
        return True

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
        is_refusal = status < web.HTTPInternalServerError.status_code
        error = refusal_of(exc, self._head) if is_refusal else HIDDEN
        self._head, self._discards = b"", is_refusal
        logger.info("request_refused", code=error.reason, request_id=exchange.request_id)
        response = problem(exchange, error)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **more: Any) -> None:
        # A body that nobody read and that is broken is the client's fault, and ends its connection.
        if not isinstance(more.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **more)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        finished = await super().finish_response(request, resp, start_time)
        if self._discards and self.transport is not None:
            # Closed at once, with bytes unread, the connection would be reset and the refusal lost.
            self._write_eof()
            await asyncio.sleep(LINGER_S)
        return finished

    def half_close(self) -> None:
        """Says that no more is answered, and closes once the client has had time to see it."""
        self._discards = True
        self._write_eof()
        self._loop.call_later(HALF_CLOSED_S, self.force_close)

    def _close_when_answered(self, until: float) -> None:
        if self._is_waiting or self._loop.time() > until:
            self.force_close()
        elif self.transport is not None:
            self._loop.call_later(LOOK_S, self._close_when_answered, until)

    def _write_eof(self) -> None:
        # A client that has left is not connected any more, and nobody may have noticed yet.
        with suppress(OSError):
            if self.transport is not None:
                self.transport.write_eof()

    def _refuse_large_head(self) -> None:
        if len(self._head) <= HEAD_BYTES_MAX or head_end(self._head) <= HEAD_BYTES_MAX:
            return
        if self._messages and isinstance(self._messages[-1][0], _ErrInfo):
            return
        if self._messages:
            self._messages.pop()
        self._messages.append((_ErrInfo(400, HeadTooLarge(), ""), EMPTY_PAYLOAD))
        self._discards = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
