"""PostgreSQL behind TLS, as a pooler or a managed database shows it: the server of the tests has no TLS of its own."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from servers.tls_proxy import CERTIFICATE

SSL_REQUEST = bytes.fromhex("0000000804d2162f")
CHUNK_BYTES = 1 << 16


@asynccontextmanager
async def postgres_over_tls(upstream_port: int) -> AsyncIterator[int]:
    """Answers the port on which clients are taken over TLS alone, with the certificate for localhost."""
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(CERTIFICATE)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            if await reader.readexactly(len(SSL_REQUEST)) != SSL_REQUEST:
                return  # One that would go on without TLS.
            writer.write(b"S")
            await writer.drain()
            await writer.start_tls(server_side)
            await _join(reader, writer, upstream_port)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port: int = server.sockets[0].getsockname()[1]
        # The same under a name that the certificate does not have.
        async with await asyncio.start_server(serve, "127.0.0.2", port):
            yield port


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.closing(upstream_writer):
        tasks = [
            asyncio.create_task(_copy(reader, upstream_writer)),
            asyncio.create_task(_copy(upstream_reader, writer)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
