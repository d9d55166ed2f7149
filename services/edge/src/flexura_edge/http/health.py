"""Whether the process lives, and whether it can serve at present."""

from collections.abc import Callable, Mapping

import orjson
from aiohttp import web

from flexura_edge.http.exchange import Exchange

Missing = Callable[[], Mapping[str, str]]


class Health:
    """`missing` names what the edge cannot serve without; `impaired` names what it can do without for a while."""

    def __init__(self, missing: Missing, impaired: Missing) -> None:
        self._missing = missing
        self._impaired = impaired

    async def live(self, exchange: Exchange) -> web.StreamResponse:
        return exchange.json(b'{"status":"alive"}')

    async def ready(self, exchange: Exchange) -> web.StreamResponse:
        missing = dict(self._missing())
        body = {"status": "unready" if missing else "ready", "missing": missing, "impaired": dict(self._impaired())}
        return exchange.json(orjson.dumps(body), status=503 if missing else 200)
