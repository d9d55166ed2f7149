"""Searching the internet."""

from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

from flexura.search.v1 import search_service_pb2
from flexura_edge.http.body import read_json
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.fields import Fields
from flexura_edge.limits import Limit

FIELDS = ("query", "max_results")
QUERY_CHARACTERS_MAX = 2000
RESULTS_DEFAULT = 10
RESULTS_MAX = 50

RunSearch = Callable[[search_service_pb2.SearchRequest, float], Awaitable[search_service_pb2.SearchResponse]]


class Search:
    def __init__(self, run: RunSearch, bodies: Limit) -> None:
        self._run = run
        self._bodies = bodies

    async def post(self, exchange: Exchange) -> web.StreamResponse:
        with self._bodies:
            fields = Fields(await read_json(exchange.request), FIELDS)
        request = search_request(fields, exchange.account().account_id)
        found = await self._run(request, exchange.remaining_s())
        results = [{"title": page.title, "url": page.url, "snippet": page.snippet} for page in found.results]
        return exchange.json(orjson.dumps({"query": request.query, "results": results}))


def search_request(fields: Fields, account_id: str) -> search_service_pb2.SearchRequest:
    query = fields.required("query", str, "").strip()
    max_results = fields.optional("max_results", int, RESULTS_DEFAULT)
    if len(query) > QUERY_CHARACTERS_MAX:
        fields.refuse("query", f"`query` may have {QUERY_CHARACTERS_MAX} characters; shorten it")
    if not 1 <= max_results <= RESULTS_MAX:
        fields.refuse("max_results", f"`max_results` must be from 1 to {RESULTS_MAX}")
    fields.check()
    if not query:
        fields.refuse("query", "`query` is empty; say what to look for")
    fields.check()
    return search_service_pb2.SearchRequest(account_id=account_id, query=query, max_results=max_results)
