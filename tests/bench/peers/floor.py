"""The same edge process, middleware, key check and log line included; only the job is a constant."""

from dataclasses import replace

from aiohttp import web

from flexura_edge.http.app import Handlers, routes
from flexura_edge.http.exchange import Exchange
from flexura_edge.http.jobs import Told, job_headers
from flexura_edge.http.routes import Routes
from flexura_edge.settings import EdgeSettings
from flexura_edge.wiring import build_with
from flexura_kit.lifecycle import Lifecycle, main

# As long as the answer for a job in progress, under the same headers.
BODY = b'{"job_id":"01a207a4-307b-72dc-a978-f967eac1e3d4","status":"queued"' + b" " * 560 + b"}"
TOLD = Told(BODY, '"5f3d9c1a7b2e4f60a8c1d2e3"')


async def constant(exchange: Exchange) -> web.StreamResponse:
    return web.Response(body=TOLD.body, headers=job_headers(exchange, TOLD))


def with_a_constant_job(handlers: Handlers) -> Routes:
    return Routes(
        [
            replace(route, handle=constant) if route.path == "/api/jobs/{job_id}" else route
            for route in routes(handlers).all
        ]
    )


async def build(settings: EdgeSettings, life: Lifecycle) -> None:
    await build_with(settings, life, with_a_constant_job)


if __name__ == "__main__":
    main("edge", EdgeSettings, build)
