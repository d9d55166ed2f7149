"""The feed of events through a real door and real gRPC: streams that go on where they were, and pages."""

import asyncio
from base64 import urlsafe_b64encode

import pytest
from aiohttp import ClientResponse
from integration.edge.peers import PUBLIC_URL, Edge, completed_job, queued_job
from servers.events import stream
from servers.waiting import eventually

from flexura_kit.errors import Reason
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


async def test_a_page_begins_at_its_last_event_id(door: Edge) -> None:
    lived(door)
    events = (await (await page(door)).json())["events"]
    first, second = events[0]["id"], events[1]["id"]
    for query in ("", f"cursor={first}", "cursor="):
        assert (await (await page(door, query, **{"Last-Event-ID": first})).json())["events"] == events[1:]
    assert (await (await page(door, **{"Last-Event-ID": ""})).json())["events"] == events
    twice = [*door.headers.items(), ("Last-Event-ID", first), ("Last-Event-ID", first)]
    for query, headers in ((f"cursor={second}", {"Last-Event-ID": first}), ("", {"Last-Event-ID": "nonsense"})):
        answer = await page(door, query, **headers)
        assert (answer.status, (await answer.json())["errors"][0]["field"]) == (400, "Last-Event-ID")
    for accept in ("application/json", "text/event-stream"):
        async with door.client.get("/api/events", headers=[*twice, ("Accept", accept)]) as answer:
            assert (answer.status, (await answer.json())["errors"][0]["field"]) == (400, "Last-Event-ID")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json, text/event-stream;q=0", "application/json"),
        ("application/json, text/event-stream;q=0.5", "application/json"),
        ("text/event-stream;q=0, */*", "application/json"),
        ("*/*", "application/json"),
        ("application/json, text/event-stream", "text/event-stream"),
        ("Text/Event-Stream, application/json;q=0.5", "text/event-stream"),
        ("text/event-stream;q=0.1, */*", "text/event-stream"),
    ],
)
async def test_a_stream_is_for_who_wants_one(door: Edge, accept: str, media_type: str) -> None:
    async with door.client.head("/api/events", headers=door.headers | {"Accept": accept}) as answer:
        assert (answer.status, answer.content_type) == (200, media_type)


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


async def test_a_head_request_and_a_line_end_in_metadata_break_no_stream(door: Edge) -> None:
    async with door.client.head("/api/events", headers=door.headers | {"Accept": "text/event-stream"}) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
    place = (await (await page(door)).json())["cursor"]
    door.peers.jobs.feed.happen("acc_1", new_uuid7(), "queued", metadata_json='{\r\n"a":\n"b"}')
    async with stream(door.url, door.key, last_id=place) as client:
        (told,) = await client.events(1)
    assert told.data["data"]["metadata"] == {"a": "b"}
