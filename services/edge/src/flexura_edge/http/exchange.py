"""One request on its way through the door, and the answers that most handlers give."""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

from flexura_edge.http.cross_origin import OPEN_TO_ALL, Headers
from flexura_edge.keys import Caller
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.rpc.trace import is_request_id, is_traceparent, new_traceparent

RETURN_MARGIN_S = 0.02  # Leaves time to say which part was slow.
WORTHWHILE_S = 0.1  # With less left, asking another service is wasted work.
SERVER = "Flexura"
IDEMPOTENCY_KEY = "Idempotency-Key"
EVENT_TOKEN = "token"  # noqa: S105 - the name of a parameter.


class Exchange:
    """One request, who makes it, and until when it must be answered."""

    __slots__ = (
        "caller",
        "cross_origin",
        "deadline",
        "key_digest",
        "parameter",
        "request",
        "request_id",
        "response",
        "route",
        "started",
    )

    def __init__(self, request: web.BaseRequest) -> None:
        self.request = request
        self.started = time.monotonic()
        self.request_id = request_id_of(request)
        self.caller: Caller | None = None
        self.key_digest: bytes | None = None
        """Of the key that an event token stands for, where one was sent in the place of a key."""
        self.route: Route | None = None
        self.parameter = ""
        self.deadline = self.started
        self.cross_origin: Headers = OPEN_TO_ALL
        """What a browser is told: all may read the answer, until the route turns out to need a key."""
        self.response: web.StreamResponse | None = None
        """Set by a handler that has begun to send."""

    def remaining_s(self) -> float:
        """How long another service may take; refuses where too little is left to be of use."""
        left = self.deadline - time.monotonic() - RETURN_MARGIN_S
        if left < WORTHWHILE_S:
            raise FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "the time for this request is used up")
        return left

    def is_repeatable(self) -> bool:
        """Tells whether sending the same request again does no harm, where nobody knows what came of this one."""
        route = self.route
        if self.request.method != "POST" or route is None:
            return True
        return route.is_repeatable or (route.takes_idempotency_key and IDEMPOTENCY_KEY in self.request.headers)

    def account(self) -> Caller:
        if self.caller is None:
            raise TypeError("this route needs no key, so it has no caller")
        return self.caller

    def traceparent(self) -> str:
        """The trace that the caller is in, or a new one."""
        given = self.request.headers.get("traceparent", "")
        return given if is_traceparent(given) else new_traceparent()

    def headers(self, content_type: str, *more: tuple[str, str]) -> CIMultiDict[str]:
        """The headers that every answer has, and more."""
        return CIMultiDict(
            (
                ("Content-Type", content_type),
                ("Server", SERVER),
                ("X-Request-Id", self.request_id),
                *self.cross_origin,
                *more,
            ),
        )

    def json(self, body: bytes, status: int = 200) -> web.Response:
        """An answer that belongs to its caller alone and is true only at this moment."""
        headers = self.headers("application/json", ("Cache-Control", "no-store"))
        return web.Response(body=body, status=status, headers=headers)

    def nothing(self, *more: tuple[str, str]) -> web.Response:
        """The answer that has no body."""
        headers = self.headers("", ("Cache-Control", "no-store"), *more)
        del headers["Content-Type"]
        return web.Response(status=204, headers=headers)


Handler = Callable[[Exchange], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path as OpenAPI writes it, and who answers it."""

    method: str
    path: str
    handle: Handler
    budget_s: float
    """Seconds that the answer may take, but for a stream under way."""
    needs_key: bool = True
    is_repeatable: bool = False
    """Whether a POST that is sent twice does no more than one that is sent once."""
    takes_idempotency_key: bool = False
    """Whether it is repeatable under an `Idempotency-Key`."""
    parameters: Sequence[str] | None = ()
    """Those that the query may have, where a key is needed; None where the handler reads and judges it itself."""
    takes_body: bool = False
    """Whether a POST may have a body that says something."""
    takes_event_token: bool = False
    """Whether `?token=` serves in the place of a key."""


def request_id_of(request: web.BaseRequest) -> str:
    given = request.headers.get("X-Request-Id")
    if given is not None and is_request_id(given):
        return given
    # An id to find log lines by is no secret, and the system's randomness costs a call into it each time.
    return f"{random.getrandbits(96):024x}"
