"""A TCP relay on loopback that can fall silent, as a network does whose packets go nowhere."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

CHUNK_BYTES = 1 << 16


class Relay:
    """Passes bytes on while it is open; cut, it keeps connections and passes nothing."""

    def __init__(self, target_port: Callable[[], int]) -> None:
        # Asked for each connection: the broker's port is known only once it runs.
        self._target_port = target_port
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        self._open.clear()

    def mend(self) -> None:
        """What was sent meanwhile arrives late, as it does when a network comes back."""
        self._open.set()

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self._open.set()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await self._open.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port())
            try:
                await self._both_ways((reader, far_writer), (far_reader, writer))
            finally:
                far_writer.close()
        writer.close()

    async def _both_ways(self, *ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        tasks = [asyncio.create_task(self._one_way(*way)) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._open.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def relay(target_port: Callable[[], int]) -> AsyncIterator[Relay]:
    """Listens on a free port until the block is left."""
    opened = Relay(target_port)
    await opened.listen()
    try:
        yield opened
    finally:
        await opened.close()
