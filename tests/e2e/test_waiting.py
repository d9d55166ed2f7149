"""Waiting for jobs instead of polling, and what is told to those who poll."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest_asyncio
from servers.client import Client
from servers.installation import Installation
from servers.waiting import eventually

ENDS_WITHIN_S = 45


@pytest_asyncio.fixture
async def session(flexura: Installation) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {flexura.key}"}
    timeout = aiohttp.ClientTimeout(total=90)
    async with aiohttp.ClientSession(flexura.url, headers=headers, timeout=timeout) as opened:
        yield opened


def asked(take_s: float, client_ref: str = "") -> dict[str, Any]:
    options = {"width": 64, "height": 64, "take_s": take_s}
    return {"prompt": "worth waiting for", "model": "flexura-testcard-image", "options": options} | (
        {"client_ref": client_ref} if client_ref else {}
    )


async def test_a_submit_that_waits_is_answered_with_the_finished_job(
    session: aiohttp.ClientSession, api: Client
) -> None:
    async with session.post("/api/generate/image?wait=60", json=asked(0.5)) as answer:
        job = await answer.json()
    assert (answer.status, job["status"]) == (200, "completed"), job
    content, _ = await api.asset(job)
    assert len(content) == job["asset"]["size_bytes"]
    assert await api.job(job["job_id"]) == job


async def test_a_submit_whose_wait_is_over_is_accepted_and_can_be_waited_for_further(
    session: aiohttp.ClientSession, api: Client
) -> None:
    async with session.post("/api/generate/image?wait=0.2", json=asked(2)) as answer:
        accepted = await answer.json()
        path = answer.headers["Location"]
    assert (answer.status, accepted["status"]) == (202, "queued")
    async with session.get(f"{path}?wait=60") as answer:
        ended = await answer.json()
    assert (answer.status, ended["status"]) == (200, "completed")
    assert await api.job(accepted["job_id"]) == ended


async def test_clients_that_hang_up_change_nothing_for_the_job(session: aiohttp.ClientSession) -> None:
    mark = secrets.token_hex(8)
    submitting = asyncio.create_task(session.post("/api/generate/image?wait=60", json=asked(2, mark)))
    found: list[dict[str, Any]] = []

    async def is_listed(status: str = "") -> bool:
        async with session.get("/api/jobs", params={"client_ref": mark}) as answer:
            found[:] = (await answer.json())["jobs"]
        return bool(found) and found[0]["status"].startswith(status)

    await eventually(is_listed, ENDS_WITHIN_S)
    path = f"/api/jobs/{found[0]['job_id']}?wait=60"
    leaving = [submitting, *(asyncio.create_task(session.get(path)) for _ in range(20))]
    await asyncio.wait(leaving, timeout=0.2)
    for client in leaving:
        client.cancel()
    await asyncio.wait(leaving)
    await eventually(lambda: is_listed("completed"), ENDS_WITHIN_S)
    assert [job["attempt"] for job in found] == [1]


async def test_jobs_say_where_they_are_in_line_and_how_long_they_take_once_one_like_them_has_ended(
    session: aiohttp.ClientSession, api: Client
) -> None:
    async with session.post("/api/generate/image?wait=60", json=asked(0)) as answer:
        assert answer.status == 200
    # Longer than anybody looks at them; two run, and two wait.
    job_ids = [await api.submit("image", "to be called off", width=64, height=64, take_s=600) for _ in range(4)]
    told: list[dict[str, Any]] = []

    async def is_told() -> bool:
        told[:] = [await api.job(job_id) for job_id in job_ids]
        positions = {job.get("queue_position") for job in told if job["status"] == "queued"}
        return positions == {1, 2} and all("eta_ms" in job for job in told)

    await eventually(is_told, ENDS_WITHIN_S)
    assert all(job["eta_ms"] > 0 for job in told)
    assert all(500 <= job["poll_after_ms"] <= 10_000 for job in told)
    for job_id in job_ids:
        async with session.post(f"/api/jobs/{job_id}/cancel") as answer:
            assert not (await answer.json()).keys() & {"queue_position", "eta_ms", "poll_after_ms"}
