"""Waiting for a job: woken over a real broker, or by looking again; and what a client need not be told twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
import pytest_asyncio
from aiohttp import ClientResponse
from integration.edge.peers import PUBLIC_URL, Edge, Peers, completed_job, edge, queued_job
from servers.nats import NATSServer
from servers.waiting import eventually

from flexura.jobs.v1 import job_pb2
from flexura_edge.clients.updates import SUBJECT
from flexura_kit.bus import Bus, bus
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import new_uuid7

BODY = {"prompt": "worth waiting for"}


class Broker:
    """Tells edges what the jobs service tells."""

    def __init__(self, connection: Bus) -> None:
        self._connection = connection

    async def tell(self, *updates: object) -> None:
        assert await self._connection.publish(SUBJECT, orjson.dumps(updates))


@asynccontextmanager
async def connected(server: NATSServer, services: Peers, **settings: object) -> AsyncIterator[tuple[Edge, Broker]]:
    broker = server.settings
    async with bus(broker, "teller") as connection, edge(services, nats=broker, **settings) as door:

        async def is_connected() -> bool:
            async with door.client.get("/readyz") as answer:
                return connection.is_connected and "nats" not in (await answer.json())["impaired"]

        await eventually(is_connected)
        yield door, Broker(connection)


@pytest_asyncio.fixture
async def awake(shared_nats: NATSServer, services: Peers) -> AsyncIterator[tuple[Edge, Broker]]:
    async with connected(shared_nats, services) as both:
        yield both


async def get(door: Edge, job_id: str, query: str = "", **headers: str) -> ClientResponse:
    async with door.client.get(f"/api/jobs/{job_id}{query}", headers=door.headers | headers) as response:
        await response.read()
        return response


def queued(door: Edge) -> str:
    job_id = new_uuid7()
    door.peers.jobs.put("acc_1", queued_job(job_id))
    return job_id


async def looked_at(door: Edge) -> None:
    """Waits for a look at a job: whoever makes one has registered before."""
    before = door.peers.jobs.reads
    await eventually(lambda: door.peers.jobs.reads > before)


async def test_whoever_waits_is_woken_when_the_job_ends(awake: tuple[Edge, Broker]) -> None:
    door, broker = awake
    began = time.monotonic()
    for _ in range(20):
        job_id = queued(door)
        waiting = asyncio.create_task(get(door, job_id, "?wait=60"))
        await looked_at(door)
        door.peers.jobs.put("acc_1", completed_job(job_id))
        await broker.tell(("acc_1", job_id, "completed"))
        assert (await (await waiting).json())["status"] == "completed"
    # Twenty looks of its own would take half a minute at the least.
    assert time.monotonic() - began < 15


async def test_a_submit_that_waits_is_answered_with_the_job_once_it_has_ended(awake: tuple[Edge, Broker]) -> None:
    door, broker = awake

    async def submit() -> tuple[int, dict[str, object]]:
        async with door.client.post("/api/generate/image?wait=60", json=BODY, headers=door.headers) as response:
            return response.status, await response.json()

    waiting = asyncio.create_task(submit())
    await looked_at(door)
    (job_id,) = door.peers.jobs.items
    door.peers.jobs.put("acc_1", completed_job(job_id))
    await broker.tell(("acc_1", job_id, "completed"))
    status, answer = await waiting
    assert (status, answer["job_id"], answer["status"]) == (200, job_id, "completed")


async def test_a_wakeup_that_is_lost_costs_a_look(door: Edge) -> None:
    job_id = queued(door)
    waiting = asyncio.create_task(get(door, job_id, "?wait=60"))
    await looked_at(door)
    door.peers.jobs.put("acc_1", completed_job(job_id))
    async with asyncio.timeout(10):
        assert (await (await waiting).json())["status"] == "completed"


async def test_when_the_time_is_over_the_job_is_answered_as_it_is(door: Edge) -> None:
    job_id = queued(door)
    began = time.monotonic()
    response = await get(door, job_id, "?wait=0.3")
    assert (response.status, (await response.json())["status"]) == (200, "queued")
    async with door.client.post("/api/generate/image?wait=0.3", json=BODY, headers=door.headers) as response:
        answer = await response.json()
    assert response.status == 202
    assert answer == {"job_id": answer["job_id"], "status": "queued"}
    assert response.headers["Location"] == f"{PUBLIC_URL}/api/jobs/{answer['job_id']}"
    assert time.monotonic() - began >= 0.6


@pytest.mark.parametrize("wait", ["61", "-1", "soon", "nan", "0x1", "60.1", "\u0663", "1&wait=2", "9" * 500])
async def test_a_wait_that_is_no_number_of_seconds_is_refused_by_name(door: Edge, wait: str) -> None:
    job_id = queued(door)
    async with door.client.get(f"/api/jobs/{job_id}?wait={wait}", headers=door.headers) as response:
        answer = await response.json()
    assert (response.status, answer["code"], answer["errors"][0]["field"]) == (400, "invalid_request", "wait")
    async with door.client.post(f"/api/generate/image?wait={wait}", json=BODY, headers=door.headers) as response:
        assert response.status == 400
    assert not door.peers.jobs.items


async def test_another_accounts_job_is_not_waited_for(door: Edge) -> None:
    job_id = queued(door)
    other = {"Authorization": f"Bearer {door.peers.auth.new_key('acc_2')}"}
    response = await get(door, job_id, "?wait=60", **other)
    assert (response.status, (await response.json())["code"]) == (404, "job_not_found")


async def test_so_many_wait_and_no_more_and_one_that_leaves_makes_room(services: Peers) -> None:
    async with edge(services, waiters_max=1) as door:
        job_id = queued(door)
        waiting = asyncio.create_task(get(door, job_id, "?wait=60"))
        await looked_at(door)
        async with door.client.post("/api/generate/image?wait=1", json=BODY, headers=door.headers) as response:
            assert (response.status, (await response.json())["code"]) == (503, "overloaded")
            assert int(response.headers["Retry-After"]) >= 1
        assert not door.peers.jobs.items
        assert (await get(door, job_id)).status == 200
        waiting.cancel()

        async def has_room() -> bool:
            return (await get(door, job_id, "?wait=0.1")).status == 200

        await eventually(has_room)


async def test_when_the_edge_stops_whoever_waits_is_answered_at_once(door: Edge) -> None:
    job_id = queued(door)
    waiting = asyncio.create_task(get(door, job_id, "?wait=60"))
    await looked_at(door)
    door.life.stopping.set()
    async with asyncio.timeout(10):
        response = await waiting
    assert (response.status, (await response.json())["status"]) == (200, "queued")


async def test_a_wait_outlives_a_restart_of_jobs(door: Edge) -> None:
    job_id = queued(door)
    waiting = asyncio.create_task(get(door, job_id, "?wait=60"))
    await looked_at(door)
    await door.peers.stop("jobs")
    door.peers.jobs.put("acc_1", completed_job(job_id))
    door.peers.jobs.failures.append(FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "starting"))
    await door.peers.start("jobs")
    async with asyncio.timeout(20):
        assert (await (await waiting).json())["status"] == "completed"


async def test_a_job_that_the_client_knows_already_is_not_sent_again(door: Edge) -> None:
    job_id = queued(door)
    first = await get(door, job_id)
    etag = first.headers["ETag"]
    assert etag.startswith('W/"')
    again = await get(door, job_id, **{"If-None-Match": etag})
    assert (again.status, again.headers["ETag"]) == (304, etag)
    door.peers.jobs.put("acc_1", completed_job(job_id))
    for _ in range(2):  # The second one is answered from memory.
        changed = await get(door, job_id, **{"If-None-Match": etag})
        assert changed.status == 200
    same = await get(door, job_id, **{"If-None-Match": changed.headers["ETag"]})
    assert same.status == 304


async def test_a_wait_with_a_tag_ends_with_any_change(awake: tuple[Edge, Broker]) -> None:
    door, broker = awake
    job_id = queued(door)
    etag = (await get(door, job_id)).headers["ETag"]
    assert (await get(door, job_id, "?wait=0.2", **{"If-None-Match": etag})).status == 304
    waiting = asyncio.create_task(get(door, job_id, "?wait=60", **{"If-None-Match": etag}))
    await looked_at(door)
    running = queued_job(job_id)
    running.state = job_pb2.JOB_STATE_PROCESSING
    door.peers.jobs.put("acc_1", running)
    await broker.tell(("acc_1", job_id, "processing"))
    response = await waiting
    assert (response.status, (await response.json())["status"]) == (200, "processing")


async def test_a_job_that_was_removed_is_forgotten_at_once(awake: tuple[Edge, Broker]) -> None:
    door, broker = awake
    job = completed_job(new_uuid7())
    door.peers.jobs.put("acc_1", job)
    assert (await get(door, job.job_id)).status == 200
    del door.peers.jobs.owners[job.job_id]
    assert (await get(door, job.job_id)).status == 200
    await broker.tell(("acc_1", job.job_id, "removed"))

    async def is_gone() -> bool:
        return (await get(door, job.job_id)).status == 404

    await eventually(is_gone)


async def test_an_update_that_makes_no_sense_is_passed_over(awake: tuple[Edge, Broker]) -> None:
    door, broker = awake
    job_id = queued(door)
    waiting = asyncio.create_task(get(door, job_id, "?wait=60"))
    await looked_at(door)
    await broker.tell("nonsense")
    door.peers.jobs.put("acc_1", completed_job(job_id))
    await broker.tell(("acc_1", job_id, "completed"))
    assert (await waiting).status == 200
