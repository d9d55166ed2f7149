"""A reverse proxy with TLS, as nginx is set up in front of one server."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

# A certificate and its key for localhost, made for these tests alone; nothing else trusts it.
CERTIFICATE = Path(__file__).with_name("localhost.pem")
BETWEEN_TWO_HOPS = {"connection", "host", "keep-alive", "transfer-encoding", "content-length", "server", "date"}


class TLSProxy:
    def __init__(self) -> None:
        self.upstream = ""
        self.path = ""
        """The path that it serves the upstream under; it takes it off, as `proxy_pass` with a slash at its end does."""
        self.port = 0
        self._client: aiohttp.ClientSession | None = None

    async def pass_on(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._client is None:
            self._client = aiohttp.ClientSession(auto_decompress=False)
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in BETWEEN_TWO_HOPS]
        headers += [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "elsewhere.example")]
        async with self._client.request(
            request.method,
            self.upstream + request.raw_path.removeprefix(self.path),
            headers=headers,
            data=await request.read(),
            allow_redirects=False,
        ) as answer:
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in BETWEEN_TWO_HOPS]
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()


def trusting() -> ssl.SSLContext:
    """What a client needs that is to trust the proxy."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


@asynccontextmanager
async def tls_proxy() -> AsyncIterator[TLSProxy]:
    proxy = TLSProxy()
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(CERTIFICATE)
    runner = web.ServerRunner(web.Server(proxy.pass_on), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_side).start()
    proxy.port = runner.addresses[0][1]
    try:
        yield proxy
    finally:
        await runner.cleanup()
        await proxy.close()
