"""What surrounds every request: route, key, error translation, and one log line."""

import asyncio
import time

from aiohttp import web
from prometheus_client import Histogram

from flexura_edge.http.exchange import Exchange
from flexura_edge.http.problem import HIDDEN, problem
from flexura_edge.http.routes import Routes
from flexura_edge.keys import Keys
from flexura_edge.limits import Limit
from flexura_kit import log
from flexura_kit.errors import FlexuraError

CLIENT_LEFT = 499  # Never sent; it is how the log says that nobody waited for the answer.

REQUEST_SECONDS = Histogram(
    "flexura_http_seconds",
    "Time from a request's arrival to the end of its answer.",
    ["route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

logger = log.get_logger()


class Door:
    """Takes a request, has its route answer it, and leaves one line about it in the log."""

    def __init__(self, routes: Routes, keys: Keys, requests: Limit) -> None:
        self._routes = routes
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
        route, exchange.parameter = self._routes.find(request)
        exchange.route = route
        exchange.deadline = exchange.started + route.budget_s
        if route.needs_key:
            authorization = request.headers.get("Authorization")
            exchange.caller = self._keys.known(authorization)
            if exchange.caller is None:
                exchange.caller = await self._keys.caller(authorization, exchange.remaining_s())
        return await route.handle(exchange)

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
