"""What docs/guarantees.md says to clients whose edge is killed: held against clients as people use them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import urllib3
from integration.edge.peers import Peers
from integration.edge.test_draining import Gate, edge_process
from servers.kept_alive import KeptAlive
from servers.process import ServerProcess
from servers.waiting import eventually

from flexura_local.ports import free_ports

SUBMIT = b'{"prompt": "a red fox"}'
Send = Callable[[str], Awaitable[str]]
"""Submits under an idempotency key and answers the job id."""


def headers(key: str, idempotency_key: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Idempotency-Key": idempotency_key,
    }


@asynccontextmanager
async def with_urllib3(url: str, key: str) -> AsyncIterator[Send]:
    """The engine of `requests`, told to send a POST again too."""
    again = urllib3.Retry(
        total=60, backoff_factor=0.2, backoff_max=2, allowed_methods=None, status_forcelist=(503, 504)
    )
    with urllib3.PoolManager(retries=again, timeout=30) as pool:

        def submit(idempotency_key: str) -> str:
            answer = pool.request("POST", url, body=SUBMIT, headers=headers(key, idempotency_key))
            assert answer.status == 202, answer.data
            job_id: str = answer.json()["job_id"]
            return job_id

        async def send(idempotency_key: str) -> str:
            return await asyncio.to_thread(submit, idempotency_key)

        yield send


@asynccontextmanager
async def with_aiohttp(url: str, key: str) -> AsyncIterator[Send]:
    """Sends again in a loop of its own: the library does so for reads alone."""
    async with aiohttp.ClientSession() as session:

        async def send(idempotency_key: str) -> str:
            for _ in range(450):
                try:
                    async with session.post(url, data=SUBMIT, headers=headers(key, idempotency_key)) as answer:
                        if answer.status not in {503, 504}:
                            assert answer.status == 202, await answer.text()
                            job_id: str = (await answer.json())["job_id"]
                            return job_id
                except (aiohttp.ClientError, OSError):
                    pass
                await asyncio.sleep(0.2)
            raise TimeoutError("it did not come back")

        yield send


@asynccontextmanager
async def with_curl(url: str, key: str) -> AsyncIterator[Send]:
    async def send(idempotency_key: str) -> str:
        options = [
            "--silent",
            "--fail",
            "--retry",
            "90",
            "--retry-delay",
            "1",
            "--retry-all-errors",
            "--data",
            SUBMIT.decode(),
        ]
        lines = [f"{name}: {value}" for name, value in headers(key, idempotency_key).items()]
        process = await asyncio.create_subprocess_exec(
            "curl", *options, *(part for line in lines for part in ("--header", line)), url, stdout=-1
        )
        answer, _ = await process.communicate()
        job_id: str = json.loads(answer)["job_id"]
        return job_id

    yield send


async def killed_and_back(process: ServerProcess) -> None:
    await process.kill()
    await process.start()


@pytest.mark.heavy
@pytest.mark.timeout(300)
async def test_a_submit_whose_answer_was_lost_is_one_job_when_it_is_sent_again_under_its_key(
    services: Peers, tmp_path: Path
) -> None:
    port = free_ports(1)[0]
    process, key = edge_process(services, tmp_path, port), services.auth.new_key("acc_1")
    url = f"http://127.0.0.1:{port}/api/generate/image"
    await process.start()
    try:
        async with with_urllib3(url, key) as first, with_aiohttp(url, key) as second, with_curl(url, key) as third:
            senders = {"urllib3": first, "aiohttp": second, "curl": third}
            for name, send in senders.items():
                await send(f"{name}-before")  # From here on the connection is kept, where the client keeps one.
            gate = services.jobs.answer_gate = Gate()
            sending = {name: asyncio.create_task(send(name)) for name, send in senders.items()}
            await eventually(lambda: set(senders) <= services.jobs.keys.keys(), within_s=60)
            accepted = dict(services.jobs.keys)
            await process.kill()
            services.jobs.answer_gate = None
            gate.set()
            await process.start()
            answered = {name: await asyncio.wait_for(task, 100) for name, task in sending.items()}
        assert answered == {name: accepted[name] for name in senders}
        assert len(services.jobs.jobs) == 2 * len(senders)
    finally:
        await process.stop()


@pytest.mark.heavy
@pytest.mark.timeout(300)
async def test_a_connection_that_was_idle_when_its_edge_was_killed_costs_common_clients_nothing(
    services: Peers, tmp_path: Path
) -> None:
    port = free_ports(1)[0]
    process, key = edge_process(services, tmp_path, port), services.auth.new_key("acc_1")
    url = f"http://127.0.0.1:{port}/api/generate/image"
    await process.start()
    try:
        plain = urllib3.PoolManager(retries=False, timeout=30)
        kept = KeptAlive(port, key)
        async with aiohttp.ClientSession() as session:
            for turn in ("before", "after"):
                answer = await asyncio.to_thread(plain.request, "POST", url, body=SUBMIT, headers=headers(key, turn))
                assert answer.status == 202
                async with session.post(url, data=SUBMIT, headers=headers(key, f"{turn}-2")) as response:
                    assert response.status == 202
                assert await kept.ask("POST", "/api/generate/image", SUBMIT)
                if turn == "before":
                    await killed_and_back(process)
        kept.close()
        plain.clear()
        assert kept.failures == []
    finally:
        await process.stop()
