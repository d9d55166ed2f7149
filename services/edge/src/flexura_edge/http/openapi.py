"""The OpenAPI document that describes every route."""

from functools import cache
from importlib.resources import files
from typing import Any

import orjson
import yaml
from aiohttp import web

from flexura_edge.http.exchange import Exchange


class OpenAPI:
    def __init__(self, public_url: str) -> None:
        self._body = orjson.dumps(document() | {"servers": [{"url": public_url}]})

    async def get(self, exchange: Exchange) -> web.StreamResponse:
        headers = exchange.headers("application/json")
        headers["Cache-Control"] = "no-cache"
        return web.Response(body=self._body, headers=headers)


@cache
def document() -> dict[str, Any]:
    text = files("flexura_edge").joinpath("openapi.yaml").read_bytes()
    described: dict[str, Any] = yaml.safe_load(text)
    return described
