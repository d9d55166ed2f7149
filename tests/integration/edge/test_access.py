"""Who may do what: every route, without a key and with another account's."""

import asyncio

import pytest
from integration.edge.peers import Edge, Peers, edge, queued_job
from servers.nats import NATSServer

from flexura_edge.http.openapi import document
from flexura_kit.apikeys import digest
from flexura_kit.bus import Bus, bus
from flexura_kit.errors import Reason
from flexura_kit.ids import new_uuid7
from flexura_kit.settings import BusSettings

JOB_ID = "01a207b4-3006-7a18-8ab0-e3e8a7005565"
WEBHOOK_ID, DELIVERY_ID = f"wh_{'a' * 32}", f"msg_{'a' * 32}_1"
OPERATIONS = [
    (method.upper(), path, operation.get("security") != [])
    for path, operations in document()["paths"].items()
    for method, operation in operations.items()
]
WITH_KEY = [(method, path) for method, path, needs_key in OPERATIONS if needs_key]
WITHOUT_KEY = [(method, path) for method, path, needs_key in OPERATIONS if not needs_key]


def concrete(path: str) -> str:
    names = {"job_id": JOB_ID, "extension": "png", "webhook_id": WEBHOOK_ID, "delivery_id": DELIVERY_ID}
    return path.format_map(names)


@pytest.mark.parametrize(("method", "path"), WITH_KEY)
async def test_a_route_that_needs_a_key_is_closed_without_one(door: Edge, method: str, path: str) -> None:
    async with door.client.request(
        method, concrete(path), json={"prompt": "p"} if method == "POST" else None
    ) as answer:
        body = await answer.json()
    assert (answer.status, body["code"]) == (401, "api_key_missing")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert not door.peers.jobs.items


@pytest.mark.parametrize(("method", "path"), WITHOUT_KEY)
async def test_an_open_route_answers_without_a_key_and_ignores_a_wrong_one(door: Edge, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        async with door.client.request(method, concrete(path), headers=headers) as answer:
            assert answer.status != 401


async def test_another_accounts_job_is_not_found_like_none(door: Edge) -> None:
    door.peers.jobs.put("acc_2", queued_job(JOB_ID))
    answers = []
    for job_id in (JOB_ID, new_uuid7()):
        async with door.client.get(f"/api/jobs/{job_id}", headers=door.headers) as answer:
            body = await answer.json()
            answers.append({name: value for name, value in body.items() if name not in {"request_id", "instance"}})
    assert answers[0]["code"] == "job_not_found"
    assert answers[0] == answers[1]


@pytest.mark.parametrize("kind", ["image", "video", "audio"])
async def test_a_job_belongs_to_the_account_of_the_key_whatever_the_body_says(door: Edge, kind: str) -> None:
    other = {"Authorization": f"Bearer {door.peers.auth.new_key('acc_2')}"}
    async with door.client.post(f"/api/generate/{kind}", json={"prompt": "p"}, headers=other) as answer:
        job_id = (await answer.json())["job_id"]
    assert door.peers.jobs.items[job_id].account_id == "acc_2"
    async with door.client.get(f"/api/jobs/{job_id}", headers=door.headers) as answer:
        assert answer.status == 404
    body = {"prompt": "p", "account_id": "acc_2"}
    async with door.client.post(f"/api/generate/{kind}", json=body, headers=door.headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("code", ["api_key_revoked", "api_key_expired", "api_key_unknown"])
async def test_what_auth_says_of_a_key_is_told(door: Edge, code: str) -> None:
    door.peers.auth.refuse(door.key, Reason(code))
    async with door.client.get(f"/api/jobs/{JOB_ID}", headers=door.headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (401, code)


async def test_a_known_key_works_on_while_auth_is_away_and_an_unheard_one_is_503(door: Edge) -> None:
    door.peers.jobs.put("acc_1", queued_job(JOB_ID))
    async with door.client.get(f"/api/jobs/{JOB_ID}", headers=door.headers) as answer:
        assert answer.status == 200
    other = {"Authorization": f"Bearer {door.peers.auth.new_key('acc_2')}"}
    await door.peers.stop("auth")
    async with door.client.get(f"/api/jobs/{JOB_ID}", headers=door.headers) as answer:
        assert answer.status == 200
    async with door.client.get(f"/api/jobs/{JOB_ID}", headers=other) as answer:
        assert (answer.status, (await answer.json())["code"]) == (503, "service_unavailable")


def settings_of(server: NATSServer) -> BusSettings:
    return server.settings


async def status_of(door: Edge) -> int:
    async with door.client.get(f"/api/jobs/{JOB_ID}", headers=door.headers) as answer:
        return answer.status


async def becomes(door: Edge, status: int) -> None:
    async with asyncio.timeout(10):
        while await status_of(door) != status:
            await asyncio.sleep(0.02)


async def until_connected(door: Edge) -> None:
    async with asyncio.timeout(10):
        while True:
            async with door.client.get("/readyz") as answer:
                if "nats" not in (await answer.json())["impaired"]:
                    return
            await asyncio.sleep(0.02)


async def publish(auth_bus: Bus, payload: bytes) -> None:
    async with asyncio.timeout(10):
        while not await auth_bus.publish("flexura.auth.v1.key_revoked", payload):
            await asyncio.sleep(0.02)


async def test_a_revoked_key_stops_at_once_by_its_wake_up(services: Peers, own_nats: NATSServer) -> None:
    async with edge(services, nats=settings_of(own_nats)) as door, bus(settings_of(own_nats), "auth") as auth_bus:
        services.jobs.put("acc_1", queued_job(JOB_ID))
        await until_connected(door)
        assert await status_of(door) == 200
        key_id = services.auth.keys[digest(door.key)].key_id
        services.auth.refuse(door.key, Reason.API_KEY_REVOKED)
        assert await status_of(door) == 200
        await publish(auth_bus, f'{{"key_id": "{key_id}"}}'.encode())
        await becomes(door, 401)


async def test_a_revocation_that_was_missed_counts_once_nats_is_back(services: Peers, own_nats: NATSServer) -> None:
    async with edge(services, nats=settings_of(own_nats)) as door:
        services.jobs.put("acc_1", queued_job(JOB_ID))
        await until_connected(door)
        assert await status_of(door) == 200
        await own_nats.process.kill()
        services.auth.refuse(door.key, Reason.API_KEY_REVOKED)
        assert await status_of(door) == 200
        await own_nats.process.start()
        await becomes(door, 401)


async def test_a_wake_up_that_makes_no_sense_has_keys_verified_again(services: Peers, own_nats: NATSServer) -> None:
    async with edge(services, nats=settings_of(own_nats)) as door, bus(settings_of(own_nats), "auth") as auth_bus:
        services.jobs.put("acc_1", queued_job(JOB_ID))
        await until_connected(door)
        assert await status_of(door) == 200
        services.auth.refuse(door.key, Reason.API_KEY_REVOKED)
        await publish(auth_bus, b"\xff")
        await becomes(door, 401)
