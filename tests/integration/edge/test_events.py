"""The feed of events through a real door and real gRPC: streams that go on where they were, and pages."""

import asyncio
import socket
from base64 import urlsafe_b64encode
from itertools import pairwise

import pytest
from aiohttp import ClientResponse
from integration.edge.peers import PUBLIC_URL, Edge, Peers, completed_job, edge, queued_job
from integration.edge.test_access import publish, settings_of, until_connected
from integration.edge.test_waiting import Broker, connected
from servers.events import stream
from servers.nats import NATSServer
from servers.waiting import eventually

from flexura_kit.apikeys import digest
from flexura_kit.bus import bus
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import new_uuid7

LIFE = ("queued", "processing", "completed")


def lived(door: Edge, account_id: str = "acc_1", states: tuple[str, ...] = LIFE) -> str:
    """A job that has come through these states."""
    job_id = new_uuid7()
    door.peers.jobs.put(account_id, completed_job(job_id) if "completed" in states else queued_job(job_id))
    for state in states:
        door.peers.jobs.feed.happen(account_id, job_id, state)
    return job_id


async def page(door: Edge, query: str = "", path: str = "/api/events", **headers: str) -> ClientResponse:
    async with door.client.get(f"{path}?{query}", headers=door.headers | headers) as response:
        await response.read()
        return response


async def settled(door: Edge) -> None:
    """Waits until a look has found nothing more to tell."""
    before = door.peers.jobs.feed_reads
    await eventually(lambda: door.peers.jobs.feed_reads > before)


async def test_a_stream_tells_from_now_on_in_order_and_says_its_place_at_once(door: Edge) -> None:
    lived(door)
    async with stream(door.url, door.key) as client:
        assert (client.response.status, client.response.content_type) == (200, "text/event-stream")
        first = await client.block()
        assert first is not None
        assert (first.id != "", first.data) == (True, None)
        job_id = lived(door)
        told = await client.events(3)
    assert [block.event for block in told] == ["job.queued", "job.processing", "job.completed"]
    assert {block.data["data"]["job_id"] for block in told} == {job_id}
    assert len({block.id for block in told}) == 3
    link = f"{PUBLIC_URL}/api/assets/{job_id}.png"
    assert told[0].data == {
        "type": "job.queued",
        "timestamp": "2026-04-01T12:00:00.000Z",
        "data": {"job_id": job_id, "status": "queued", "type": "image", "model": "nvidia-flux", "attempt": 1},
    }
    assert told[2].data["data"] == {
        "job_id": job_id,
        "status": "completed",
        "type": "image",
        "model": "nvidia-flux",
        "finished_at": "2026-04-01T12:00:00.000Z",
        "asset_url": link,
        "asset": {
            "url": link,
            "content_type": "image/png",
            "size_bytes": 5,
            "sha256": "ab" * 32,
            "width": 64,
            "height": 64,
        },
    }


async def test_a_client_that_was_cut_off_before_its_first_event_misses_nothing(door: Edge) -> None:
    lived(door)
    async with stream(door.url, door.key) as client:
        await client.block()
    lived(door)
    async with stream(door.url, door.key, last_id=client.last_id) as again:
        assert [block.event for block in await again.events(3)] == [f"job.{state}" for state in LIFE]


async def test_from_every_place_a_stream_and_the_pages_go_on_with_the_next_event(door: Edge) -> None:
    for _ in range(14):  # More than a stream reads at once.
        lived(door)
    door.peers.jobs.feed.happen("acc_2", new_uuid7(), "queued")
    events = (await (await page(door, "limit=100")).json())["events"]
    assert len(events) == 42
    for place in (0, 1, 20, 40, 41):
        rest = events[place + 1 :]
        cursor = events[place]["id"]
        read = await (await page(door, f"cursor={cursor}&limit=100")).json()
        assert (read["events"], read["has_more"]) == (rest, False)
        async with stream(door.url, door.key, f"/api/events?cursor={events[0]['id']}", last_id=cursor) as client:
            told = await client.events(len(rest))
        assert [block.data | {"id": block.id} for block in told] == rest
        assert read["cursor"] == events[-1]["id"]
    walked, cursor = [], ""
    for _ in range(9):
        part = await (await page(door, f"limit=5&cursor={cursor}")).json()
        walked += part["events"]
        cursor = part["cursor"]
    assert (walked, part["has_more"]) == (events, False)


async def test_one_jobs_feed_begins_with_its_birth_ends_with_its_end_and_stays_ended(door: Edge) -> None:
    lived(door)
    job_id = lived(door, states=("queued",))
    lived(door)
    path = f"/api/jobs/{job_id}/events"
    async with stream(door.url, door.key, path) as client:
        assert [block.event for block in await client.events(1)] == ["job.queued"]
        door.peers.jobs.feed.happen("acc_1", job_id, "queued", Reason.WORKER_LOST)
        lived(door)
        door.peers.jobs.put("acc_1", completed_job(job_id))
        door.peers.jobs.feed.happen("acc_1", job_id, "failed", Reason.PROVIDER_FAILED)
        rest = await client.rest()
    assert [(block.event, block.data["data"].get("code")) for block in rest] == [
        ("job.queued", "worker_lost"),
        ("job.failed", "provider_failed"),
    ]
    assert (rest[1].data["data"]["error"], rest[1].data["data"]["retryable"]) == ("it broke", True)
    assert client.comments[-1] == "the job has ended, and with it this stream"
    async with stream(door.url, door.key, path, last_id=client.last_id) as again:
        assert again.response.status == 204
    for same in (path, f"/api/events?job_id={job_id}"):
        async with stream(door.url, door.key, same) as whole:
            assert len(await whole.rest()) == 3


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


async def test_a_cursor_of_another_account_is_none(door: Edge) -> None:
    lived(door)
    lived(door, "acc_2")
    cursor = (await (await page(door, "limit=2")).json())["cursor"]
    other = {"Authorization": f"Bearer {door.peers.auth.new_key('acc_2')}"}
    forged = urlsafe_b64encode(b"\0" * 7 + b"\1" + b"x" * 8).decode().rstrip("=")
    for wrong in (cursor, forged, "nonsense", "%FF", "x" * 200):
        for stream_too in ({}, {"Accept": "text/event-stream"}):
            answer = await page(door, f"cursor={wrong}", **other, **stream_too)
            body = await answer.json()
            assert (answer.status, body["code"], body["errors"][0]["field"]) == (400, "invalid_request", "cursor")
    answer = await page(door, **other, **{"Accept": "text/event-stream", "Last-Event-ID": cursor})
    assert (answer.status, (await answer.json())["errors"][0]["field"]) == (400, "Last-Event-ID")


async def test_a_place_that_is_no_longer_kept_is_gone_and_the_oldest_kept_is_not(door: Edge) -> None:
    lived(door)
    events = (await (await page(door)).json())["events"]
    door.peers.jobs.feed.purged["acc_1"] = 2
    for accept in ("text/event-stream", "application/json"):
        answer = await page(door, f"cursor={events[0]['id']}", Accept=accept)
        body = await answer.json()
        assert (answer.status, body["code"], body["retryable"]) == (410, "cursor_expired", False)
        assert "GET /api/events" in body["next_actions"][0]
    for kept in ("", f"cursor={events[1]['id']}"):
        assert (await (await page(door, kept)).json())["events"] == events[2:]


@pytest.mark.parametrize("path", ["/api/jobs/{}/events", "/api/events?job_id={}"])
async def test_what_is_not_this_accounts_job_has_no_feed(door: Edge, path: str) -> None:
    theirs, gone = lived(door, "acc_2"), lived(door)
    door.peers.jobs.removed[gone] = Reason.JOB_DELETED
    found = {theirs: (404, "job_not_found"), new_uuid7(): (404, "job_not_found"), gone: (410, "job_deleted")}
    for job_id, expected in found.items():
        for headers in ({}, {"Accept": "text/event-stream"}):
            async with door.client.get(path.format(job_id), headers=door.headers | headers) as answer:
                assert (answer.status, (await answer.json())["code"]) == expected


@pytest.mark.parametrize(
    ("query", "accept", "field"),
    [
        ("limit=0", "", "limit"),
        ("limit=101", "", "limit"),
        ("wait=61", "", "wait"),
        ("limit=5", "text/event-stream", "limit"),
        ("since=1", "", "since"),
    ],
    ids=str,
)
async def test_a_parameter_that_is_wrong_is_named(door: Edge, query: str, accept: str, field: str) -> None:
    answer = await page(door, query, Accept=accept)
    assert (answer.status, (await answer.json())["errors"][0]["field"]) == (400, field)
    assert door.peers.jobs.feed_reads == 0


async def test_a_page_waits_for_its_first_event(door: Edge) -> None:
    cursor = (await (await page(door)).json())["cursor"]
    empty = await (await page(door, f"cursor={cursor}&wait=0.1")).json()
    assert empty == {"events": [], "cursor": cursor, "has_more": False}
    waiting = asyncio.create_task(page(door, f"cursor={cursor}&wait=60"))
    await settled(door)
    lived(door, states=("queued",))
    async with asyncio.timeout(20):
        answer = await (await waiting).json()
    assert [event["type"] for event in answer["events"]] == ["job.queued"]


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


async def test_a_head_request_and_a_line_end_in_metadata_break_no_stream(door: Edge) -> None:
    async with door.client.head("/api/events", headers=door.headers | {"Accept": "text/event-stream"}) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
    place = (await (await page(door)).json())["cursor"]
    door.peers.jobs.feed.happen("acc_1", new_uuid7(), "queued", metadata_json='{\r\n"a":\n"b"}')
    async with stream(door.url, door.key, last_id=place) as client:
        (told,) = await client.events(1)
    assert told.data["data"]["metadata"] == {"a": "b"}
