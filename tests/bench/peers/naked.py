"""aiohttp alone on uvloop: what a request costs before any of ours."""

import asyncio
import sys

import uvloop
from aiohttp import web

BODY = b'{"job_id":"0","status":"queued"}'


async def answer(_request: web.BaseRequest) -> web.Response:
    return web.Response(body=BODY, content_type="application/json")


async def serve(port: int) -> None:
    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
