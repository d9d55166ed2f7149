"""Nothing that was accepted is lost, whatever is killed meanwhile, and all heals by itself."""

import asyncio
import signal
import time

import nats
import pytest
from servers.client import Client
from servers.installation import PARTS, Installation
from servers.waiting import eventually

HEALS_WITHIN_S = 90


async def test_job_of_a_killed_worker_completes_once(flexura: Installation, api: Client) -> None:
    job_id = await api.submit("image", "its worker dies", take_s=2, width=64, height=64)
    await api.processing(job_id)
    await flexura.kill_and_see_it_back("media-worker")
    job = await api.finished(job_id, HEALS_WITHIN_S)
    assert job["status"] == "completed", job
    assert job["attempt"] == 2
    first = await api.asset(job)
    await asyncio.sleep(3)
    assert await api.job(job_id) == job
    assert await api.asset(job) == first


async def test_jobs_of_a_deleted_stream_all_end(flexura: Installation, api: Client) -> None:
    job_ids = [await api.submit("image", f"queued {number}", payload_bytes=1024, take_s=0.05) for number in range(200)]
    broker = await nats.connect(flexura.nats_url)
    await broker.jetstream().delete_stream("FLEXURA_WORK")
    await broker.close()
    jobs = await api.all_finished(job_ids, HEALS_WITHIN_S)
    assert {job["status"] for job in jobs} == {"completed"}


async def test_submits_are_accepted_while_the_broker_does_not_answer(flexura: Installation, api: Client) -> None:
    flexura.send("nats", signal.SIGSTOP)
    try:
        began = time.monotonic()
        job_ids = [await api.submit("image", "the broker sleeps", payload_bytes=1024) for _ in range(10)]
        assert time.monotonic() - began < 5
    finally:
        flexura.send("nats", signal.SIGCONT)
    jobs = await api.all_finished(job_ids, HEALS_WITHIN_S)
    assert {job["status"] for job in jobs} == {"completed"}


@pytest.mark.parametrize("part", PARTS)
async def test_nothing_accepted_is_lost_when_a_part_is_killed(flexura: Installation, api: Client, part: str) -> None:
    accepted: list[str] = []
    stopped = asyncio.Event()

    async def submit_all_the_time() -> None:
        while not stopped.is_set():
            prompt = f"{part} dies, job {len(accepted)}"
            accepted.append(await api.submit_until_accepted("image", prompt, HEALS_WITHIN_S, payload_bytes=1024))
            await asyncio.sleep(0.05)

    submitting = asyncio.create_task(submit_all_the_time())
    await eventually(lambda: len(accepted) >= 5)
    await flexura.kill_and_see_it_back(part)
    before = len(accepted)
    await eventually(lambda: len(accepted) >= before + 5, HEALS_WITHIN_S)
    stopped.set()
    await submitting
    jobs = await api.all_finished(accepted, HEALS_WITHIN_S)
    assert {job["status"] for job in jobs} == {"completed"}
    await asyncio.gather(*(api.asset(job) for job in jobs[-3:]))
