"""How the edge stops: what is sent to it while a load balancer still knows it is answered, and nothing is reset."""

import asyncio
import functools
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiohttp
import pytest
from integration.edge.peers import Edge, Peers, edge, queued_job
from integration.edge.search_peers import engine, whole_answer
from servers.kept_alive import KeptAlive
from servers.load_balancer import LoadBalancer, load_balancer
from servers.process import ServerProcess
from servers.waiting import eventually

from flexura_kit.ids import new_uuid7
from flexura_local.ports import free_ports

BUSY, RESTARTS = 40, 8
SUBMIT = b'{"prompt": "a red fox"}'


async def test_while_it_drains_it_is_not_ready_takes_all_and_asks_to_come_back_elsewhere(services: Peers) -> None:
    async with edge(services, drain_s=1.0) as door, kept_alive(door) as kept, kept_alive(door) as fresh:
        first = await kept.ask("POST", "/api/generate/image", SUBMIT)
        assert first is not None
        assert not first.ends_connection
        door.life.stopping.set()
        await asyncio.sleep(0)
        for client in (kept, fresh):
            answer = await client.ask("POST", "/api/generate/image", SUBMIT)
            assert answer is not None
            assert answer.ends_connection
        async with door.client.get("/readyz") as response:
            assert (response.status, response.headers["Connection"]) == (503, "close")
            assert (await response.json())["missing"] == {"process": "it is stopping"}
        assert kept.failures + fresh.failures == []


async def test_who_waits_is_answered_what_is_known_and_streams_end_whole(services: Peers) -> None:
    job_id = new_uuid7()
    services.jobs.put("acc_1", queued_job(job_id))
    async with edge(services, drain_s=0.5) as door, kept_alive(door) as poll, kept_alive(door) as stream:
        polling = asyncio.create_task(poll.ask("GET", f"/api/jobs/{job_id}?wait=60"))
        following = asyncio.create_task(stream.ask("GET", "/api/events", Accept="text/event-stream"))
        await eventually(lambda: services.jobs.reads > 0 and services.jobs.feed_reads > 1)
        door.life.stopping.set()
        known, told = await polling, await following
        assert known is not None
        assert (known.status, json.loads(known.body)["status"]) == (200, "queued")
        assert known.ends_connection
        assert told is not None
        assert told.body.startswith(b"retry: ")
        assert told.body.endswith(b": this server is stopping; come back with the last id\n\n")
        assert poll.failures + stream.failures == []


@asynccontextmanager
async def kept_alive(door: Edge) -> AsyncIterator[KeptAlive]:
    client = KeptAlive(door.port, door.key)
    try:
        yield client
    finally:
        client.close()


class Gate(asyncio.Event):
    """Tells when somebody waits at it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.reached.set()
        return await super().wait()


async def test_an_idle_connection_is_ended_last_and_without_a_reset(services: Peers) -> None:
    gate = services.jobs.gate = Gate()
    async with edge(services, grace_s=20.0) as door, kept_alive(door) as idle, kept_alive(door) as busy:
        await idle.ask("GET", "/healthz")
        submitting = asyncio.create_task(busy.ask("POST", "/api/generate/image", SUBMIT))
        await gate.reached.wait()
        door.life.stopping.set()
        async with asyncio.timeout(10):
            assert idle._reader is not None  # noqa: SLF001 - what the client would read is the subject.
            assert await idle._reader.read() == b""  # noqa: SLF001
        gate.set()
        answer = await submitting
        assert answer is not None
        assert answer.ends_connection
        assert busy.failures == []


@dataclass
class Restarted:
    """Edges one after another behind a load balancer, each in a process of its own."""

    balancer: LoadBalancer
    services: Peers
    folder: Path
    running: ServerProcess | None = None
    port: int = 0

    async def roll(self) -> None:
        """As a rolling update does it: the new one is ready before the old one is asked to end."""
        old, old_port = self.running, self.port
        self.port = free_ports(1)[0]
        self.running = edge_process(self.services, self.folder, self.port)
        await self.running.start()
        self.balancer.backends.add(self.port)
        await eventually(lambda: self.port in self.balancer.ready, within_s=60)
        if old is not None:
            await old.stop()
            self.balancer.backends.discard(old_port)


def edge_process(services: Peers, folder: Path, port: int, **more: str) -> ServerProcess:
    settings = more | {
        "FLEXURA_LISTEN": f"127.0.0.1:{port}",
        "FLEXURA_PUBLIC_URL": "https://media.example",
        "FLEXURA_AUTH_TARGET": services.target("auth"),
        "FLEXURA_JOBS_TARGET": services.target("jobs"),
        "FLEXURA_SEARCH_TARGET": services.target("search"),
        "FLEXURA_NATS_URL": "nats://127.0.0.1:1",
        "FLEXURA_S3_ENDPOINT": "127.0.0.1:1",
        "FLEXURA_DRAIN_S": "1.5",
        "FLEXURA_GRACE_S": "5",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLEXURA_")} | settings
    command = [sys.executable, "-m", "flexura_edge"]
    log = folder / f"edge-{port}.log"
    return ServerProcess(command, log, functools.partial(why_not_ready, port), environment=environment)


async def why_not_ready(port: int) -> str | None:
    try:
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/readyz") as response:
            return None if response.status == 200 else await response.text()
    except aiohttp.ClientError as error:
        return str(error)


@asynccontextmanager
async def rolling(services: Peers, folder: Path) -> AsyncIterator[Restarted]:
    async with load_balancer() as balancer:
        edges = Restarted(balancer, services, folder)
        await edges.roll()
        try:
            yield edges
        finally:
            if edges.running is not None:
                await edges.running.stop()


async def work(client: KeptAlive, number: int, job_id: str, over: asyncio.Event) -> None:
    """Sends one request after another; most change something and may not be sent twice."""
    turn = number
    while not over.is_set():
        turn += 1
        match turn % 4:
            case 0 | 1:
                await client.ask("POST", "/api/generate/image", SUBMIT)
            case 2:
                await client.ask("POST", "/api/search", b'{"query": "red foxes"}')
            case _:
                await client.ask("GET", f"/api/jobs/{job_id}" + ("?wait=20" if number % 10 == 0 else ""))
        await asyncio.sleep(0.01 * (number % 12))
    client.close()


async def follow(client: KeptAlive, over: asyncio.Event) -> None:
    """Comes back to the stream of events as a browser does."""
    while not over.is_set():
        await client.ask("GET", "/api/events", Accept="text/event-stream")
    client.close()


@pytest.mark.heavy
@pytest.mark.timeout(300)
async def test_rolling_restarts_cost_busy_clients_no_request(services: Peers, tmp_path: Path) -> None:
    job_id = new_uuid7()
    services.jobs.put("acc_1", queued_job(job_id))
    services.search.found = whole_answer()
    services.search.engines = [engine("exa")]
    key = services.auth.new_key("acc_1")
    over = asyncio.Event()
    async with rolling(services, tmp_path) as edges:
        clients = [KeptAlive(edges.balancer.port, key) for _ in range(BUSY)]
        streams = [KeptAlive(edges.balancer.port, key) for _ in range(3)]
        tasks = [asyncio.create_task(work(client, number, job_id, over)) for number, client in enumerate(clients)]
        tasks += [asyncio.create_task(follow(client, over)) for client in streams]
        for _ in range(RESTARTS):
            await edges.roll()
        over.set()
        await edges.roll()  # Ends those who wait.
        await asyncio.gather(*tasks)
    failures = [failure for client in (*clients, *streams) for failure in client.failures]
    answered = sum(client.answered for client in clients)
    print(f"{answered} answered, {len(failures)} failed, {sum(c.connections for c in clients)} connections")  # noqa: T201
    assert failures[:5] == []
    assert answered > BUSY * RESTARTS
    assert all(client.connections >= RESTARTS / 2 for client in clients)
