"""What becomes of an open stream of events: who wakes it, what ends it, what it outlives, and how many there are."""

import asyncio
import socket
from itertools import pairwise

from integration.edge.peers import Edge, Peers, edge
from integration.edge.test_access import publish, settings_of, until_connected
from integration.edge.test_events import LIFE, lived, page
from integration.edge.test_waiting import Broker, connected
from servers.events import stream
from servers.nats import NATSServer
from servers.waiting import eventually

from flexura_kit.apikeys import digest
from flexura_kit.bus import bus
from flexura_kit.errors import FlexuraError, Kind, Reason


async def test_a_quiet_stream_beats_and_says_how_far_the_account_has_come(services: Peers) -> None:
    async with edge(services, event_heartbeat_s=0.2) as door:
        job_id = lived(door, states=("queued",))
        async with stream(door.url, door.key, f"/api/events?job_id={job_id}") as client:
            (first,) = await client.events(1)
            while client.last_id == first.id:
                lived(door)
                block = await client.block()
                assert block is not None
                assert (block.comment, block.data) == ("heartbeat", None)
        door.peers.jobs.feed.purged["acc_1"] = 3
        assert (await page(door, f"job_id={job_id}&cursor={first.id}")).status == 410
        assert (await page(door, f"job_id={job_id}&cursor={client.last_id}")).status == 200


async def test_a_stream_is_woken_and_tells_an_account_its_own_events_only(
    shared_nats: NATSServer, services: Peers
) -> None:
    async with connected(shared_nats, services) as (door, broker):
        other = door.peers.auth.new_key("acc_2")
        async with stream(door.url, door.key) as mine, stream(door.url, other) as theirs:
            for client in (mine, theirs):
                await client.block()
            for account_id in ("acc_1", "acc_2", "acc_1"):
                job_id = lived(door, account_id, ("queued",))
                await broker.tell((account_id, job_id, "queued"))
            assert len(await mine.events(2)) == 2
            assert len(await theirs.events(1)) == 1


async def test_a_stream_ends_when_its_key_is_revoked(services: Peers, own_nats: NATSServer) -> None:
    nats = settings_of(own_nats)
    async with edge(services, nats=nats) as door, bus(nats, "auth") as auth_bus:
        await until_connected(door)
        other = services.auth.new_key("acc_1")
        async with stream(door.url, door.key) as client, stream(door.url, other) as stays:
            for one in (client, stays):
                await one.block()
            services.auth.refuse(door.key, Reason.API_KEY_REVOKED)
            key_id = f"key_{digest(door.key).hex()[:32]}"
            await publish(auth_bus, f'{{"key_id": "{key_id}"}}'.encode())
            assert await client.rest() == []
            assert "refused: api_key_revoked" in client.comments[-1]
            job_id = lived(door, states=("queued",))
            await Broker(auth_bus).tell(("acc_1", job_id, "queued"))
            assert len(await stays.events(1)) == 1
        async with stream(door.url, door.key, last_id=client.last_id) as again:
            assert again.response.status == 401


async def test_a_revocation_that_was_missed_ends_the_stream_once_nats_is_back(
    services: Peers, own_nats: NATSServer
) -> None:
    async with edge(services, nats=settings_of(own_nats)) as door:
        await until_connected(door)
        async with stream(door.url, door.key) as client:
            await client.block()
            await own_nats.process.kill()
            services.auth.refuse(door.key, Reason.API_KEY_REVOKED)
            await own_nats.process.start()
            assert await client.rest() == []
        assert "refused" in client.comments[-1]


async def test_a_stream_outlives_the_jobs_service_and_loses_nothing(services: Peers) -> None:
    async with edge(services, event_heartbeat_s=0.2) as door, stream(door.url, door.key) as client:
        await client.block()
        await door.peers.stop("jobs")
        for _ in range(3):
            block = await client.block()
            assert block is not None
            assert block.comment == "heartbeat"
        lived(door)
        services.jobs.feed_failures += [FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "starting")] * 2
        await door.peers.start("jobs")
        assert [block.event for block in await client.events(3)] == [f"job.{state}" for state in LIFE]


async def test_when_the_edge_stops_a_stream_ends_whole_and_another_edge_goes_on(services: Peers) -> None:
    async with edge(services) as door:
        place = (await (await page(door)).json())["cursor"]
        lived(door)
        async with stream(door.url, door.key, last_id=place) as client:
            (first,) = await client.events(1)
            door.life.stopping.set()
            rest = await client.rest()
            assert "is stopping" in client.comments[-1]
        key = door.key
    async with edge(services) as second:
        lived(second)
        async with stream(second.url, key, last_id=client.last_id) as again:
            more = await again.events(6 - 1 - len(rest))
    told = [first, *rest, *more]
    assert [block.event for block in told] == [f"job.{state}" for state in LIFE] * 2
    assert len({block.id for block in told}) == 6


async def test_so_many_streams_of_an_account_and_in_all_and_one_that_leaves_makes_room(services: Peers) -> None:
    async with edge(services, event_streams_max=3, event_streams_of_account_max=2) as door:
        other = door.peers.auth.new_key("acc_2")
        async with stream(door.url, door.key), stream(door.url, other), stream(door.url, door.key) as last:
            answer = await page(door, Accept="text/event-stream")
            body = await answer.json()
            assert (answer.status, body["code"]) == (429, "event_stream_limit")
            assert "2 event streams of this account" in body["error"]
            assert int(answer.headers["Retry-After"]) >= 1
            third = {"Authorization": f"Bearer {door.peers.auth.new_key('acc_3')}", "Accept": "text/event-stream"}
            full = await page(door, **third)
            assert (full.status, (await full.json())["code"]) == (503, "overloaded")
            assert (await page(door)).status == 200
            last.response.close()

            async def has_room() -> bool:
                async with stream(door.url, door.key) as again:
                    return again.response.status == 200

            await eventually(has_room)


async def test_a_reader_that_takes_nothing_costs_no_memory_and_resumes_where_it_was(services: Peers) -> None:
    async with edge(services) as door:
        feed = door.peers.jobs.feed
        job_id = lived(door, states=())
        for number in range(1500):
            feed.happen("acc_1", job_id, "queued", client_ref=str(number), metadata_json=f'{{"a":"{"x" * 15_000}"}}')
        slow = socket.create_connection(("127.0.0.1", door.port))
        try:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            request = f"GET /api/jobs/{job_id}/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
            slow.sendall(f"{request}Authorization: Bearer {door.key}\r\n\r\n".encode())
            await reads_no_more(door)
            # Of 22 MB, what the sockets between hold and a page or two.
            assert door.peers.jobs.feed_reads < 25
        finally:
            slow.close()
        async with stream(door.url, door.key, f"/api/jobs/{job_id}/events") as client:
            await client.events(100)
        async with stream(door.url, door.key, f"/api/jobs/{job_id}/events", last_id=client.last_id) as again:
            told = await again.events(1400)
    assert [block.data["data"]["client_ref"] for block in told] == [str(number) for number in range(100, 1500)]


async def reads_no_more(door: Edge) -> None:
    """Waits until the stream has stopped asking for more."""
    seen = [-1]

    async def is_still() -> bool:
        await asyncio.sleep(0.3)
        seen.append(door.peers.jobs.feed_reads)
        return seen[-1] > 0 and all(one == other for one, other in pairwise(seen[-3:]))

    await eventually(is_still)
