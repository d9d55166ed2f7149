"""A key that ends while a request waits: the wait ends with it, and nothing more is read."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from integration.edge.peers import PUBLIC_URL, Edge, Peers, completed_job, edge
from integration.edge.test_access import publish, until_connected
from integration.edge.test_events import lived
from integration.edge.test_waiting import BODY, Broker, looked_at, queued
from servers.events import stream
from servers.nats import NATSServer
from servers.waiting import eventually

from flexura.auth.v1 import auth_service_pb2
from flexura_kit.apikeys import digest
from flexura_kit.bus import Bus, bus
from flexura_kit.errors import Reason

AT_ONCE_S = 20.0  # Generous for a slow machine; each wait here is for 60 seconds.
WAITS = [
    "/api/jobs/{job_id}?wait=60",
    "/api/events?wait=60&cursor={cursor}",
    "/api/events?wait=60&cursor={cursor}&job_id={job_id}",
    "/api/jobs/{job_id}/events?wait=60&cursor={cursor}",
    "/api/events?wait=60&cursor={cursor}&token={token}",
]


@dataclass
class Owner:
    """Revokes keys as auth does: first the row, then the word to all edges."""

    door: Edge
    bus: Bus

    async def revoke(self, key: str) -> None:
        self.door.peers.auth.refuse(key, Reason.API_KEY_REVOKED)
        await publish(self.bus, f'{{"key_id": "key_{digest(key).hex()[:32]}"}}'.encode())


@pytest_asyncio.fixture
async def owner(shared_nats: NATSServer, services: Peers) -> AsyncIterator[Owner]:
    async with edge(services, nats=shared_nats.settings) as door, bus(shared_nats.settings, "auth") as auth_bus:
        await until_connected(door)
        yield Owner(door, auth_bus)


async def answer_of(door: Edge, method: str, path: str, key: str) -> tuple[int, dict[str, object]]:
    headers = {} if "token=" in path else {"Authorization": f"Bearer {key}"}
    body = BODY if "/generate/" in path else None
    async with door.client.request(method, path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def places_of(door: Edge, key: str) -> dict[str, str]:
    """A job that is queued, the end of the feed, and a token of the key."""
    job_id = lived(door, states=("queued",))
    _, page = await answer_of(door, "GET", "/api/events", key)
    _, token = await answer_of(door, "POST", "/api/events/token", key)
    return {"job_id": job_id, "cursor": str(page["cursor"]), "token": str(token["token"])}


async def reads(door: Edge) -> None:
    """Waits until somebody looks: whoever looks has registered before."""
    jobs = door.peers.jobs
    before = jobs.reads + jobs.feed_reads
    await eventually(lambda: jobs.reads + jobs.feed_reads > before)


@pytest.mark.parametrize("path", WAITS)
async def test_a_revoked_key_ends_its_waits_at_once_and_reads_nothing_more(owner: Owner, path: str) -> None:
    door, jobs = owner.door, owner.door.peers.jobs
    other = door.peers.auth.new_key("acc_1")
    places = await places_of(door, door.key)
    mine = asyncio.create_task(answer_of(door, "GET", path.format_map(places), door.key))
    await reads(door)
    # Another key of the account waits on, and is told.
    theirs = asyncio.create_task(answer_of(door, "GET", "/api/jobs/{job_id}?wait=60".format_map(places), other))
    await looked_at(door)
    await owner.revoke(door.key)
    async with asyncio.timeout(AT_ONCE_S):
        status, answer = await mine
    assert (status, answer["code"]) == (401, "api_key_revoked")
    jobs.put("acc_1", completed_job(places["job_id"]))
    await Broker(owner.bus).tell(("acc_1", places["job_id"], "completed"))
    assert (await theirs)[0] == 200


async def test_what_happens_after_a_revocation_is_not_told_to_the_key_though_it_was_waiting(owner: Owner) -> None:
    door, jobs = owner.door, owner.door.peers.jobs
    for _ in range(10):
        key = door.peers.auth.new_key("acc_1")
        places = await places_of(door, key)
        waits = [
            asyncio.create_task(answer_of(door, "GET", path.format_map(places), key))
            for path in ("/api/jobs/{job_id}?wait=60", "/api/events?wait=60&cursor={cursor}")
        ]
        await reads(door)
        await owner.revoke(key)
        # Told at the same moment: the look that the event causes may begin before the edge has heard of the key.
        jobs.put("acc_1", completed_job(places["job_id"]))
        jobs.feed.happen("acc_1", places["job_id"], "completed")
        await Broker(owner.bus).tell(("acc_1", places["job_id"], "completed"))
        async with asyncio.timeout(AT_ONCE_S):
            assert [status for status, _ in await asyncio.gather(*waits)] == [401, 401]


async def test_waits_of_a_revoked_key_do_not_last_until_the_next_look(owner: Owner) -> None:
    door = owner.door
    began = time.monotonic()
    for _ in range(20):
        key = door.peers.auth.new_key("acc_1")
        waiting = asyncio.create_task(answer_of(door, "GET", f"/api/jobs/{queued(door)}?wait=60", key))
        await looked_at(door)
        await owner.revoke(key)
        assert (await waiting)[0] == 401
    # Twenty looks of its own would take half a minute at the least.
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("has_ended", [False, True])
async def test_a_submit_whose_key_is_revoked_while_it_waits_says_that_the_job_was_accepted_and_no_more(
    owner: Owner, *, has_ended: bool
) -> None:
    door, jobs = owner.door, owner.door.peers.jobs
    waiting = asyncio.create_task(answer_of(door, "POST", "/api/generate/image?wait=60", door.key))
    await looked_at(door)
    (job_id,) = jobs.items
    await owner.revoke(door.key)
    if has_ended:
        jobs.put("acc_1", completed_job(job_id))
        await Broker(owner.bus).tell(("acc_1", job_id, "completed"))
    async with asyncio.timeout(AT_ONCE_S):
        status, answer = await waiting
    assert (status, answer) == (202, {"job_id": job_id, "status": "queued"})
    assert PUBLIC_URL not in str(answer)
    status, answer = await answer_of(door, "GET", f"/api/jobs/{job_id}?wait=60", door.key)
    assert (status, answer["code"]) == (401, "api_key_revoked")


async def test_a_revocation_that_nats_did_not_tell_ends_a_wait_as_soon_as_the_key_is_verified_again(
    services: Peers, own_nats: NATSServer
) -> None:
    async with edge(services, nats=own_nats.settings) as door:
        await until_connected(door)
        waiting = asyncio.create_task(answer_of(door, "GET", f"/api/jobs/{queued(door)}?wait=60", door.key))
        await looked_at(door)
        await own_nats.process.kill()
        services.auth.refuse(door.key, Reason.API_KEY_REVOKED)
        await own_nats.process.start()
        status, answer = await waiting
    assert (status, answer["code"]) == (401, "api_key_revoked")


async def test_a_key_that_expires_ends_its_waits_and_streams_at_its_time(services: Peers) -> None:
    async with edge(services, event_heartbeat_s=60.0) as door:
        job_id, key = queued(door), door.key
        expires_at = time.time() + 3
        services.auth.keys[digest(key)] = auth_service_pb2.ApiKey(
            key_id="key_1", account_id="acc_1", expire_time=Timestamp(seconds=int(expires_at))
        )
        async with stream(door.url, key) as client:
            await client.block()
            waiting = asyncio.create_task(answer_of(door, "GET", f"/api/jobs/{job_id}?wait=60", key))
            await looked_at(door)
            services.auth.refuse(key, Reason.API_KEY_EXPIRED)
            async with asyncio.timeout(AT_ONCE_S):
                status, answer = await waiting
                assert await client.rest() == []
        assert (status, answer["code"]) == (401, "api_key_expired")
        assert "refused: api_key_expired" in client.comments[-1]
