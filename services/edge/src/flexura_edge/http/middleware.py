"""What surrounds every request: route, key, error translation, and one log line."""

import asyncio
import time

from aiohttp import web
from prometheus_client import Histogram

from flexura_edge.event_tokens import EventTokens
from flexura_edge.http.connection import Request
from flexura_edge.http.cross_origin import OPEN_TO_ALL, CrossOrigin, is_preflight
from flexura_edge.http.exchange import EVENT_TOKEN, Exchange, Route
from flexura_edge.http.framing import check_framing
from flexura_edge.http.no_fields import refuse_fields
from flexura_edge.http.problem import HIDDEN, problem
from flexura_edge.http.query import Query
from flexura_edge.http.routes import Routes
from flexura_edge.keys import Keys
from flexura_edge.limits import Limit
from flexura_kit import log
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason

AUTHORIZATION = "Authorization"
CLIENT_LEFT = 499  # Never sent; it is how the log says that nobody waited for the answer.

ALL_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST"})
NEAREST_S = 2.0

REQUEST_SECONDS = Histogram(
    "flexura_http_seconds",
    "Time from a request's arrival to the end of its answer.",
    ["route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

logger = log.get_logger()


class Door:
    """Takes a request, has its route answer it, and leaves one line about it in the log."""

    def __init__(
        self, routes: Routes, keys: Keys, requests: Limit, cross_origin: CrossOrigin, tokens: EventTokens
    ) -> None:
        self._routes = routes
        self._cross_origin = cross_origin
        self._tokens = tokens
        self._keys = keys
        self._requests = requests
        self._seconds: dict[tuple[str, int], Histogram] = {}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        exchange = Exchange(request)
        status = CLIENT_LEFT
        try:
            response = await self._answer(exchange)
            status = response.status
        finally:
            self._report(exchange, status)
        return response

    async def _answer(self, exchange: Exchange) -> web.StreamResponse:
        try:
            with self._requests:
                return await self._route(exchange)
        except FlexuraError as error:
            failure = error
        except (asyncio.CancelledError, ConnectionError):
            raise  # The client has left.
        except Exception:
            # The one place where an unexpected exception ends: its text stays in the log.
            logger.exception("request_crashed", request_id=exchange.request_id)
            failure = HIDDEN
        if exchange.response is not None and exchange.response.prepared:
            # Too late for another status: what was begun is cut off, so that it is not taken for whole.
            raise ConnectionAbortedError("the answer could not be finished") from failure
        return problem(exchange, failure)

    async def _route(self, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        check_framing(request, request.version_given if isinstance(request, Request) else request.version)
        if request.method == "OPTIONS":
            return self._options(exchange)
        try:
            route, exchange.parameter = self._routes.find(request)
        except FlexuraError as error:
            raise await self._with_nearest(exchange, error) from None
        exchange.route = route
        exchange.deadline = exchange.started + route.budget_s
        if route.needs_key:
            exchange.cross_origin = self._cross_origin.headers(request)
            await self._identify(exchange)
            if route.parameters is not None and "?" in request.raw_path:
                Query(request, route.parameters).check()
            if request.method == "POST" and not route.takes_body:
                await refuse_fields(request)
        return await route.handle(exchange)

    async def _identify(self, exchange: Exchange) -> None:
        authorization = authorization_of(exchange.request)
        if authorization is None and exchange.route is not None and has_event_token(exchange.request, exchange.route):
            await self._identify_by_token(exchange)
            return
        exchange.caller = self._keys.known(authorization)
        if exchange.caller is None:
            exchange.caller = await self._keys.caller(authorization, exchange.remaining_s())

    async def _identify_by_token(self, exchange: Exchange) -> None:
        # Who has the token may use it on any page, as it is with the link of an asset.
        exchange.cross_origin = OPEN_TO_ALL
        tokens = exchange.request.query.getall(EVENT_TOKEN, [""])
        if len(tokens) > 1:
            raise sent_again(EVENT_TOKEN, f"`{EVENT_TOKEN}` stands {len(tokens)} times in the query; send it once")
        token = self._tokens.open(tokens[0])
        exchange.caller = await self._keys.caller_of(token.key_digest, exchange.remaining_s())
        self._tokens.refuse_expired(token)
        exchange.key_digest = token.key_digest

    async def _with_nearest(self, exchange: Exchange, error: FlexuraError) -> FlexuraError:
        """Compares with all routes only for who has a key: it takes time, and strangers may have none of it."""
        if error.reason is not Reason.ROUTE_NOT_FOUND or "Authorization" not in exchange.request.headers:
            return error
        exchange.deadline = exchange.started + NEAREST_S
        try:
            await self._identify(exchange)
        except FlexuraError:
            return error
        return self._routes.nearest(exchange.request)

    def _options(self, exchange: Exchange) -> web.StreamResponse:
        """Answers what a path takes; to a browser that asks before it sends, also whether it may."""
        request = exchange.request
        of_path = self._routes.of_path(request)
        asks_first = is_preflight(request)
        if not of_path and not asks_first and request.raw_path != "*":
            self._routes.find(request)
        # A page may send to a path that is not there too, so that it can read that it is not.
        methods = sorted({*of_path, "OPTIONS"} if of_path else ALL_METHODS)
        exchange.route = next(iter(of_path.values()), None)
        allow = ("Allow", ", ".join(methods))
        if not asks_first:
            return exchange.nothing(allow)
        exchange.cross_origin = ()
        # An address with a token in it serves every page, as it is with the request that follows.
        needs_key = any(route.needs_key and not has_event_token(request, route) for route in of_path.values())
        return exchange.nothing(allow, *self._cross_origin.preflight(request, methods, needs_key=needs_key))

    def _report(self, exchange: Exchange, status: int) -> None:
        seconds = time.monotonic() - exchange.started
        route = exchange.route.path if exchange.route else "none"
        self._observe(route, status, seconds)
        caller = exchange.caller
        log.canonical.info(
            "request_answered",
            method=exchange.request.method,
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 2),
            request_id=exchange.request_id,
            account_id=caller.account_id if caller else None,
            key_id=caller.key_id if caller else None,
        )

    def _observe(self, route: str, status: int, seconds: float) -> None:
        histogram = self._seconds.get((route, status))
        if histogram is None:
            histogram = self._seconds[(route, status)] = REQUEST_SECONDS.labels(route, status)
        histogram.observe(seconds)


def has_event_token(request: web.BaseRequest, route: Route) -> bool:
    return route.takes_event_token and "token=" in request.raw_path.partition("?")[2]


def authorization_of(request: web.BaseRequest) -> str | None:
    """The one header that says who calls: of two, another reader would take the other."""
    given = request.headers.getall(AUTHORIZATION, [])
    if len(given) > 1:
        raise sent_again(AUTHORIZATION, f"`{AUTHORIZATION}` is sent {len(given)} times; send it once, with one key")
    return given[0] if given else None


def sent_again(name: str, message: str) -> FlexuraError:
    return FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, [FieldViolation(name, message)])
