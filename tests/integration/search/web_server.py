"""A site on the loopback that does what sites do, well and badly."""

import asyncio
import gzip
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from flexura_kit.egress import networks

LOOPBACK = networks("127.0.0.0/8")
ANY_PORT = range(1, 65_536)
TEXT = "The bridge over the river was opened in spring and carries trains and people. " * 5
HTML = f"<html lang=en><head><title>A bridge</title></head><body><article><p>{TEXT}</p></article></body></html>"


@dataclass
class Site:
    """Answers each path in its own way, and counts who asked."""

    port: int = 0
    robots: web.Response | None = None
    hits: Counter[str] = field(default_factory=Counter)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    """Headers that `/page` is answered with."""
    at_once: int = 0
    at_once_max: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.hits[request.path] += 1
        self.headers[request.path] = {name.lower(): value for name, value in request.headers.items()}
        self.at_once += 1
        self.at_once_max = max(self.at_once_max, self.at_once)
        try:
            return await self._answer(request)
        finally:
            self.at_once -= 1

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path == "/robots.txt":
            return clone(self.robots) if self.robots is not None else web.Response(status=404)
        if path.startswith("/status/"):
            return web.Response(status=int(path.rpartition("/")[2]), text="a long story")
        if path.startswith("/to/"):
            return web.Response(status=302, headers={"Location": path.removeprefix("/to/")})
        if path.startswith("/hops/"):
            left = int(path.rpartition("/")[2])
            return redirect(f"/hops/{left - 1}" if left > 1 else "/page")
        if path.startswith("/type/"):
            return web.Response(body=HTML.encode(), headers={"Content-Type": path.removeprefix("/type/")})
        return await getattr(self, f"_{path.strip('/').replace('-', '_')}", self._page)(request)

    async def _page(self, request: web.BaseRequest) -> web.Response:
        if self.extra.get("ETag") and request.headers.get("If-None-Match") == self.extra["ETag"]:
            return web.Response(status=304, headers=self.extra)
        return web.Response(text=HTML, content_type="text/html", headers=self.extra)

    async def _endless(self, _request: web.BaseRequest) -> web.Response:
        return redirect("/endless")

    async def _elsewhere(self, request: web.BaseRequest) -> web.Response:
        return redirect(request.query["to"])  # type: ignore[attr-defined]

    async def _cookie(self, request: web.BaseRequest) -> web.Response:
        if request.cookies.get("seen") == "yes":
            return await self._page(request)
        response = redirect("/cookie")
        response.set_cookie("seen", "yes")
        return response

    async def _large(self, request: web.BaseRequest) -> web.StreamResponse:
        return await streamed(request, [b"x" * 65_536] * 320, {"Content-Type": "text/plain"})

    async def _bomb(self, request: web.BaseRequest) -> web.StreamResponse:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        pieces = [packer.compress(b"\x20" * (1 << 20)) for _ in range(200)] + [packer.flush()]
        return await streamed(request, pieces, {"Content-Type": "text/html", "Content-Encoding": "gzip"})

    async def _gzip(self, _request: web.BaseRequest) -> web.Response:
        headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
        return web.Response(body=gzip.compress(HTML.encode()), headers=headers)

    async def _deflate(self, _request: web.BaseRequest) -> web.Response:
        headers = {"Content-Type": "text/html", "Content-Encoding": "deflate"}
        packer = zlib.compressobj(wbits=-15)
        return web.Response(body=packer.compress(HTML.encode()) + packer.flush(), headers=headers)

    async def _broken_gzip(self, _request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"not packed", headers={"Content-Type": "text/html", "Content-Encoding": "gzip"})

    async def _half_gzip(self, _request: web.BaseRequest) -> web.Response:
        packed = gzip.compress(HTML.encode())
        headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
        return web.Response(body=packed[: len(packed) // 2], headers=headers)

    async def _brotli(self, _request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"?", headers={"Content-Type": "text/html", "Content-Encoding": "br"})

    async def _drip(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    async def _slow(self, request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(0.2)
        return await self._page(request)

    async def _wall(self, _request: web.BaseRequest) -> web.Response:
        text = "<p>We use cookies and share them with our partners.</p><button>Accept all cookies</button>"
        return web.Response(text=text, content_type="text/html")

    async def _latin(self, _request: web.BaseRequest) -> web.Response:
        body = "<p>Die Brücke über den Fluß wurde im Frühjahr eröffnet.</p>".encode("latin-1")
        return web.Response(body=body, headers={"Content-Type": "text/html; charset=utf-8"})

    async def _picture(self, request: web.BaseRequest) -> web.StreamResponse:
        return await streamed(request, [b"x" * 65_536] * 1000, {"Content-Type": "image/png"})


def redirect(to: str) -> web.Response:
    return web.Response(status=302, headers={"Location": to})


def clone(response: web.Response) -> web.Response:
    return web.Response(status=response.status, body=response.body, headers={"Content-Type": "text/plain"})


async def streamed(request: web.BaseRequest, pieces: list[bytes], headers: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    try:
        for piece in pieces:
            await response.write(piece)
    except ConnectionError:
        # The reader has had enough.
        pass
    return response


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    served = Site()
    runner = web.ServerRunner(web.Server(served.answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.port = runner.addresses[0][1]
    try:
        yield served
    finally:
        await runner.cleanup()
