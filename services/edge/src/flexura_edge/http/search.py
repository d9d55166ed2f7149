"""Searching the internet, and reading pages of it."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from flexura.search.v1 import search_service_pb2 as pb
from flexura_edge.http.body import read_json
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.search_json import pages_json, search_json
from flexura_edge.http.search_request import read_request, search_request
from flexura_edge.limits import Limit

LATE_S = 2.0  # Search keeps to `timeout_ms` by itself; one that is so late does not answer at all.

RunSearch = Callable[[pb.SearchRequest, float], Awaitable[pb.SearchResponse]]
ReadPages = Callable[[pb.ReadPagesRequest, float], Awaitable[pb.ReadPagesResponse]]


class Search:
    def __init__(self, run: RunSearch, read: ReadPages, bodies: Limit) -> None:
        self._run = run
        self._read = read
        self._bodies = bodies

    async def search(self, exchange: Exchange) -> web.StreamResponse:
        with self._bodies:
            values = await read_json(exchange.request)
        request = search_request(values, exchange.account().account_id)
        found = await self._run(request, time_for(exchange, request.timeout_ms))
        return answered(exchange, search_json(found, is_list=isinstance(values.get("query"), list)))

    async def extract(self, exchange: Exchange) -> web.StreamResponse:
        with self._bodies:
            values = await read_json(exchange.request)
        request = read_request(values, exchange.account().account_id)
        return answered(exchange, pages_json(await self._read(request, time_for(exchange, request.timeout_ms))))


def time_for(exchange: Exchange, timeout_ms: int) -> float:
    left = exchange.remaining_s()
    return min(left, timeout_ms / 1000 + LATE_S) if timeout_ms else left


def answered(exchange: Exchange, fields: dict[str, Any]) -> web.StreamResponse:
    took_ms = round(1000 * (time.monotonic() - exchange.started))
    return exchange.json(orjson.dumps(fields | {"took_ms": took_ms, "request_id": exchange.request_id}))
