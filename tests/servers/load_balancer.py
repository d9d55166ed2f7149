"""A load balancer as a cluster has it: connections are passed on whole, new ones to whoever said lately it is ready."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

CHECK_S = 0.1
CHUNK_BYTES = 1 << 16


class LoadBalancer:
    """Tries one backend for each connection and no second one, so that nothing is mended on the way."""

    def __init__(self) -> None:
        self.port = 0
        self.backends: set[int] = set()
        """The ports that are asked whether they are ready."""
        self.ready: list[int] = []
        self._turns = itertools.count()
        self._connections: set[asyncio.Task[None]] = set()

    async def check(self) -> None:
        """Asks all backends again and again, as a kubelet does."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as client:
            while True:
                ports = sorted(self.backends)
                states = await asyncio.gather(*(is_ready(client, port) for port in ports))
                self.ready = [port for port, state in zip(ports, states, strict=True) if state]
                await asyncio.sleep(CHECK_S)

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        with contextlib.closing(writer):
            port = self.ready[next(self._turns) % len(self.ready)]
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.closing(to_writer):
                await asyncio.wait(
                    {asyncio.create_task(copy(reader, to_writer)), asyncio.create_task(copy(to_reader, writer))},
                    return_when=asyncio.FIRST_COMPLETED,
                )

    async def close(self) -> None:
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)


async def is_ready(client: aiohttp.ClientSession, port: int) -> bool:
    try:
        # A connection of its own each time: one that is kept would hear of the end by itself.
        async with client.get(f"http://127.0.0.1:{port}/readyz", headers={"Connection": "close"}) as response:
            return response.status == 200
    except (aiohttp.ClientError, OSError):
        return False


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until either side ends; a reset is passed on as an end."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def load_balancer() -> AsyncIterator[LoadBalancer]:
    balancer = LoadBalancer()
    server = await asyncio.start_server(balancer.pass_on, "127.0.0.1", 0)
    balancer.port = server.sockets[0].getsockname()[1]
    checking = asyncio.create_task(balancer.check())
    try:
        yield balancer
    finally:
        checking.cancel()
        server.close()
        await balancer.close()
        await asyncio.gather(checking, return_exceptions=True)
