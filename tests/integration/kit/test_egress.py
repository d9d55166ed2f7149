"""A client that strangers send about reaches nothing inside: an inner server counts how often it was reached."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from flexura_kit.egress import Egress, EgressRefusedError, networks

TIMEOUT = aiohttp.ClientTimeout(total=5)
PUBLIC = "93.184.216.34"

# The first so many mean the canary and no other host: they show that it can be hit.
CANARYS = 13
CORPUS = [
    "http://127.0.0.1:{port}/",
    "http://127.0.0.2:{port}/",
    "http://127.1:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST.:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[64:ff9b::a9fe:a9fe]/latest/meta-data/",
    "http://[2002:7f00:1::]:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://224.0.0.1:{port}/",
    "http://100.64.0.1:{port}/",
    "http://user:password@127.0.0.1:{port}/",
    "http://example.org@127.0.0.1:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
]
REACHABLE_WITHOUT_A_GUARD = 4  # At the least, of those above; the rest depends on the machine's resolver and routes.


@dataclass
class Canary:
    """A server inside, on every loopback there is."""

    port: int = 0
    hits: int = 0

    async def answer(self, _request: web.BaseRequest) -> web.Response:
        self.hits += 1
        return web.Response(text="secret")


@pytest_asyncio.fixture
async def canary() -> AsyncIterator[Canary]:
    bird = Canary()
    runner = web.ServerRunner(web.Server(bird.answer))
    await runner.setup()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        bird.port = listening.getsockname()[1]
        await web.SockSite(runner, listening).start()
        await web.TCPSite(runner, "127.0.0.2", bird.port).start()
        with contextlib.suppress(OSError):  # A machine may be without IPv6.
            await web.TCPSite(runner, "::1", bird.port).start()
        yield bird
        await runner.cleanup()


@asynccontextmanager
async def client(
    egress: Egress | None, resolver: AbstractResolver | None = None
) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(
        resolver=resolver, use_dns_cache=False, socket_factory=egress.open_socket if egress else None
    )
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session:
        yield session


async def is_reached(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return False


async def test_nothing_of_the_corpus_reaches_the_inside(canary: Canary) -> None:
    async with client(Egress()) as session:
        for url in CORPUS:
            assert not await is_reached(session, url.format(port=canary.port)), url
    assert canary.hits == 0


async def test_without_the_guard_the_corpus_does_reach_it(canary: Canary) -> None:
    async with client(None) as session:
        await asyncio.gather(*(is_reached(session, url.format(port=canary.port)) for url in CORPUS[:CANARYS]))
    assert canary.hits >= REACHABLE_WITHOUT_A_GUARD


class Rebinding(AbstractResolver):
    """Answers a public address to whoever asks first, and an inner one from then on."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - Named by the library.
    ) -> list[ResolveResult]:
        self.asked += 1
        address = PUBLIC if self.asked == 1 else "127.0.0.1"
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_name_that_is_bound_anew_does_not_reach_the_inside(canary: Canary) -> None:
    resolver = Rebinding()
    # Whoever checks the name before it connects is told the public address.
    assert (await resolver.resolve("rebind.example"))[0]["host"] == PUBLIC
    async with client(Egress(), resolver) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as refused:
            await session.get(f"http://rebind.example:{canary.port}/")
    assert isinstance(refused.value.os_error, EgressRefusedError)
    assert canary.hits == 0


async def test_a_redirect_does_not_lead_inside(canary: Canary) -> None:
    async def redirect(request: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query["to"]})

    runner = web.ServerRunner(web.Server(redirect))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.3", canary.port).start()
    try:
        async with client(Egress(networks("127.0.0.3/32"))) as session:
            for to in (f"http://127.0.0.1:{canary.port}/", f"http://[::ffff:127.0.0.1]:{canary.port}/"):
                with pytest.raises(aiohttp.ClientConnectorError):
                    await session.get(f"http://127.0.0.3:{canary.port}/", params={"to": to})
    finally:
        await runner.cleanup()
    assert canary.hits == 0


async def test_a_network_that_is_allowed_is_reached(canary: Canary) -> None:
    async with client(Egress(networks("127.0.0.0/8"), only_allowed=True)) as session:
        assert await is_reached(session, f"http://127.0.0.1:{canary.port}/")
    assert canary.hits == 1


def test_a_socket_of_the_machine_itself_is_refused() -> None:
    with pytest.raises(EgressRefusedError):
        Egress().open_socket((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", "/run/docker.sock"))
