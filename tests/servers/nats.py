"""A real nats-server with JetStream, configured as `make run` configures it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from flexura_kit.settings import BusSettings
from flexura_local.nats import Broker
from flexura_local.ports import free_ports
from servers.process import ServerProcess
from servers.retry import with_fresh_ports


@dataclass(frozen=True)
class NATSServer:
    """What a client needs; `process` kills, pauses and starts it again on the same port with the same store."""

    url: str
    port: int
    user: str
    password: str
    password_file: Path
    process: ServerProcess

    @property
    def settings(self) -> BusSettings:
        return BusSettings(url=self.url, user=self.user, password_file=self.password_file)


@asynccontextmanager
async def nats_server(folder: Path) -> AsyncIterator[NATSServer]:
    """Starts one in the folder and stops it at the end."""
    server = await with_fresh_ports(lambda: _start(folder))
    try:
        yield server
    finally:
        await server.process.stop()


async def _start(folder: Path) -> NATSServer:
    broker = Broker(folder / "nats", free_ports(1)[0], "flexura", secrets.token_urlsafe(24))
    broker.prepare()
    password_file = broker.folder / "password"
    password_file.write_text(broker.password)
    process = ServerProcess(broker.command(), broker.folder / "log", broker.why_not_ready)
    await process.start()
    return NATSServer(broker.url, broker.port, broker.user, broker.password, password_file, process)
