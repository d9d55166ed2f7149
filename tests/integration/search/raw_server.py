"""A server that answers with given bytes and keeps the targets that it was asked for, byte for byte."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

PAGE = b"<html><body><article><p>The tide table hangs at the sill of the harbour for all.</p></article></body></html>"


@dataclass
class RawSite:
    answers: Mapping[str, bytes] = field(default_factory=dict)
    """Whole answers by the path that stands in the request; any other is a page."""
    port: int = 0
    targets: list[bytes] = field(default_factory=list)
    """But for robots.txt, which nobody has."""
    heads: list[bytes] = field(default_factory=list)
    """What was sent with each of them."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            # No request of HTTP.
            writer.close()
            return
        target = request.split(b" ", 2)[1]
        if target == b"/robots.txt":
            writer.write(answer(b"", "text/plain", status="404 Not Found"))
        else:
            self.targets.append(target)
            self.heads.append(request)
            path = target.decode().partition("?")[0]
            writer.write(self.answers.get(path) or answer(PAGE, "text/html"))
        await writer.drain()
        writer.close()


def answer(body: bytes, content_type: str | None, *headers: bytes, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}".encode(), f"Content-Length: {len(body)}".encode(), b"Connection: close", *headers]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}".encode())
    return b"\r\n".join([*lines, b"", body])


def redirect(location: bytes) -> bytes:
    return answer(b"", None, b"Location: " + location, status="302 Found")


@asynccontextmanager
async def raw_site(answers: Mapping[str, bytes] | None = None) -> AsyncIterator[RawSite]:
    site = RawSite(answers or {})
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site
