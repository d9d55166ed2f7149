"""Tokens that open event streams where no key can be sent: what they open, for how long, and where."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from integration.edge.peers import PUBLIC_URL, Edge, Peers, edge
from integration.edge.test_access import publish, settings_of, until_connected
from integration.edge.test_events import lived
from servers.event_source import event_source
from servers.load_balancer import load_balancer
from servers.nats import NATSServer
from servers.waiting import eventually

from flexura_kit.apikeys import digest
from flexura_kit.bus import bus
from flexura_kit.errors import Reason


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "event-token-key"
    file.write_text("0123456789abcdef0123456789abcdef\n")
    return file


async def token_of(door: Edge, key: str = "") -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else door.headers
    async with door.client.post("/api/events/token", headers=headers) as response:
        assert (response.status, response.headers["Cache-Control"]) == (201, "no-store")
        answer: dict[str, Any] = await response.json()
        return answer


async def refusal(door: Edge, path: str, **sent: Any) -> tuple[int, str]:
    async with door.client.get(path, **sent) as response:
        return response.status, (await response.json()).get("code", "")


async def test_a_page_follows_its_account_with_a_token_and_comes_back_by_itself_to_another_edge(
    services: Peers, key_file: Path
) -> None:
    async with (
        load_balancer() as balancer,
        edge(services, event_token_key_file=key_file) as second,
        edge(services, event_token_key_file=key_file) as first,
    ):
        balancer.backends.add(first.port)
        await eventually(lambda: balancer.ready == [first.port])
        made = await token_of(first)
        assert made["url"] == f"{PUBLIC_URL}/api/events?token={made['token']}"
        assert made["expires_in_s"] == 600
        url = made["url"].replace(PUBLIC_URL, f"http://127.0.0.1:{balancer.port}")
        async with event_source(url) as source:
            await eventually(lambda: source.last_event_id != "")
            lived(first, states=("queued",))
            (queued,) = await source.events(1)
            assert queued["type"] == "job.queued"
            balancer.backends.add(second.port)
            await eventually(lambda: second.port in balancer.ready)
            first.life.stopping.set()
            await eventually(lambda: balancer.ready == [second.port])
            # Nobody follows at this moment: it is told what happened meanwhile.
            lived(second, states=("queued", "processing"))
            assert [event["type"] for event in await source.events(2)] == ["job.queued", "job.processing"]
            assert (source.opened >= 2, source.closed.is_set()) == (True, False)


async def test_a_token_opens_the_events_of_its_account_and_nothing_else(door: Edge) -> None:
    other = door.peers.auth.new_key("acc_2")
    job_id = lived(door)
    mine, theirs = (await token_of(door))["token"], (await token_of(door, other))["token"]
    async with door.client.get(f"/api/events?token={mine}") as response:
        assert (response.status, len((await response.json())["events"])) == (200, 3)
    async with door.client.get(f"/api/jobs/{job_id}/events?token={mine}") as response:
        assert response.status == 200
    async with door.client.get(f"/api/events?token={theirs}") as response:
        assert (response.status, (await response.json())["events"]) == (200, [])
    assert await refusal(door, f"/api/jobs/{job_id}/events?token={theirs}") == (404, "job_not_found")
    for path in ("/api/jobs", f"/api/jobs/{job_id}", "/api/webhooks"):
        assert await refusal(door, f"{path}?token={mine}") == (401, "api_key_missing")
    bearer = {"Authorization": f"Bearer {mine}"}
    assert await refusal(door, "/api/events", headers=bearer) == (401, "api_key_malformed")
    assert await refusal(door, f"/api/events?token={mine}", headers=bearer) == (401, "api_key_malformed")


def changed(token: str) -> Iterator[str]:
    yield from ("", "a", "ü", token[:-1], token + "a", token[:40], token.replace("fx_events_", ""), "%00", "a" * 4000)
    for place in (12, 40, 90):
        yield token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]


async def test_what_is_no_token_or_none_of_ours_is_refused(services: Peers, door: Edge) -> None:
    token = (await token_of(door))["token"]
    for wrong in changed(token):
        status, code = await refusal(door, f"/api/events?token={wrong}")
        assert (status, code) == (401, "event_token_invalid") or wrong == token.replace("fx_events_", ""), wrong
    async with edge(services) as elsewhere:
        assert await refusal(elsewhere, f"/api/events?token={token}") == (401, "event_token_invalid")


async def test_a_token_ends_and_the_page_can_read_that_it_did(services: Peers) -> None:
    async with edge(services, event_token_s=0.001) as door:
        made = await token_of(door)
        url = made["url"].replace(PUBLIC_URL, door.url)
        async with event_source(url) as source:
            await source.closed.wait()
            assert source.status == 401
        async with door.client.get(f"/api/events?token={made['token']}") as response:
            assert (await response.json())["code"] == "event_token_expired"
            assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_token_ends_with_its_key(services: Peers, key_file: Path) -> None:
    async with edge(services, event_token_key_file=key_file) as door:
        token, key = (await token_of(door))["token"], door.key
    services.auth.refuse(key, Reason.API_KEY_REVOKED)
    async with edge(services, event_token_key_file=key_file) as door:
        assert await refusal(door, f"/api/events?token={token}") == (401, "api_key_revoked")


async def test_a_stream_that_a_token_opened_ends_when_the_key_does(services: Peers, own_nats: NATSServer) -> None:
    nats = settings_of(own_nats)
    async with edge(services, nats=nats) as door, bus(nats, "auth") as auth_bus:
        await until_connected(door)
        url = (await token_of(door))["url"].replace(PUBLIC_URL, door.url)
        async with event_source(url) as source:
            await eventually(lambda: source.last_event_id != "")
            services.auth.refuse(door.key, Reason.API_KEY_REVOKED)
            key_id = f"key_{digest(door.key).hex()[:32]}"
            await publish(auth_bus, f'{{"key_id": "{key_id}"}}'.encode())
            await source.closed.wait()
            assert source.status == 401


async def test_a_token_stands_in_no_log_line_and_no_error(door: Edge) -> None:
    with structlog.testing.capture_logs() as lines:
        token = (await token_of(door))["token"]
        async with door.client.get(f"/api/events?token={token}") as response:
            assert response.status == 200
        async with door.client.get(f"/api/events?token={token}&limit=none") as response:
            text = await response.text()
    assert len([line for line in lines if line["event"] == "request_answered"]) == 3
    assert token[12:30] not in repr(lines) + text
