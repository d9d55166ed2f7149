"""Slots with real processes: what kills one touches no other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from integration.media_worker.peers import taking_at_most, until
from unit.media_worker.fakes import MemorySpool

from flexura_media_worker.domain import FailureReason, GenerationError, GenerationRequest, Lease, MediaType, WorkerFault
from flexura_media_worker.slots.pool import GeneratorPool, generator_pool
from flexura_media_worker.slots.process import GENERATOR, GeneratorLimits

LIMITS = GeneratorLimits(("flexura-testcard",), memory_bytes=2 << 30, file_bytes=8 << 20)


@pytest_asyncio.fixture
async def pool(tmp_path: Path) -> AsyncIterator[GeneratorPool]:
    async with generator_pool(LIMITS, 2, MemorySpool(tmp_path), refuse_fault) as started:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            # Two at once, so that both processes have shown that they work.
            for name in ("first", "second"):
                group.create_task(started.generate(request(tmp_path, name, take_s=0.1, payload_bytes=1), ignore))
        yield started
    assert generators() == []


async def test_a_slot_does_one_job_after_another_in_the_same_process(pool: GeneratorPool, tmp_path: Path) -> None:
    before = generators()
    for _ in range(5):
        media = await pool.generate(request(tmp_path, payload_bytes=100), ignore)

        assert media.size_bytes == 100
    assert generators() == before


async def test_a_crash_fails_its_own_job_and_the_process_is_replaced(pool: GeneratorPool, tmp_path: Path) -> None:
    before = {process.pid for process in generators()}
    async with asyncio.TaskGroup() as group:
        bystander = group.create_task(pool.generate(request(tmp_path, "1", take_s=1, payload_bytes=7), ignore))
        with pytest.raises(GenerationError) as raised:
            await pool.generate(request(tmp_path, "2", fail="crash"), ignore)

    assert raised.value.failure.reason is FailureReason.GENERATOR_CRASHED
    assert raised.value.failure.is_retryable
    assert bystander.result().size_bytes == 7
    await until(lambda: len({process.pid for process in generators()} - before) == 1, "a new process")


async def test_a_hanging_generator_is_killed_when_its_request_is_cancelled(pool: GeneratorPool, tmp_path: Path) -> None:
    before = generators()
    with taking_at_most(30.0), pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await pool.generate(request(tmp_path, fail="hang"), ignore)

    await until(lambda: sum(map(is_running, before)) == 1, "the process to die", within_s=20)


async def test_a_refusal_does_not_cost_the_process(pool: GeneratorPool, tmp_path: Path) -> None:
    before = generators()
    with pytest.raises(GenerationError):
        await pool.generate(request(tmp_path, fail="refuse"), ignore)

    assert (await pool.generate(request(tmp_path, payload_bytes=1), ignore)).size_bytes == 1
    assert generators() == before


async def test_progress_comes_through_and_never_goes_back(pool: GeneratorPool, tmp_path: Path) -> None:
    said: list[float] = []
    await pool.generate(request(tmp_path, take_s=0.6, width=64, height=64), said.append)

    assert len(said) >= 4
    assert said == sorted(said)


async def test_an_idle_process_that_died_is_not_given_work(pool: GeneratorPool, tmp_path: Path) -> None:
    idle = generators()
    for process in idle:
        process.kill()
    await until(lambda: not any(map(is_running, idle)), "all to be gone")

    media = await pool.generate(request(tmp_path, payload_bytes=9), ignore)
    assert media.size_bytes == 9
    await until(lambda: len(generators()) >= len(idle), "as many processes as before")


async def test_the_server_of_forks_may_be_killed(pool: GeneratorPool, tmp_path: Path) -> None:
    before = generators()
    parents = {process.ppid() for process in before}
    assert len(parents) == 1
    psutil.Process(parents.pop()).kill()
    await until(lambda: not any(map(is_running, before)), "all to end with it")

    assert (await pool.generate(request(tmp_path, payload_bytes=9), ignore)).size_bytes == 9
    await until(lambda: len(generators()) >= len(before), "as many processes as before")


@pytest.mark.usefixtures("pool")
async def test_processes_share_what_they_compute_with() -> None:
    for process in generators():
        memory = process.memory_full_info()
        # What is in one process alone is the smaller part.
        assert memory.uss < 0.5 * memory.rss


async def test_a_result_past_the_limit_fails_its_job_only(pool: GeneratorPool, tmp_path: Path) -> None:
    with pytest.raises(GenerationError) as raised:
        await pool.generate(request(tmp_path, payload_bytes=9 << 20), ignore)

    assert raised.value.failure.reason is FailureReason.PROVIDER_FAILED
    assert (await pool.generate(request(tmp_path, payload_bytes=1), ignore)).size_bytes == 1


async def test_the_limits_are_in_force(pool: GeneratorPool, tmp_path: Path) -> None:
    await pool.generate(request(tmp_path, payload_bytes=1), ignore)

    for process in generators():
        assert process.rlimit(psutil.RLIMIT_AS) == (LIMITS.memory_bytes, LIMITS.memory_bytes)
        assert process.rlimit(psutil.RLIMIT_FSIZE) == (LIMITS.file_bytes, LIMITS.file_bytes)


async def test_a_generator_sees_none_of_the_workers_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEXURA_NATS_PASSWORD_FILE", "/secret")
    async with generator_pool(LIMITS, 1, MemorySpool(tmp_path), refuse_fault) as started:
        await started.generate(request(tmp_path, payload_bytes=1), ignore)

        assert not [name for name in generators()[0].environ() if name.startswith("FLEXURA_")]


def refuse_fault(fault: WorkerFault) -> None:
    raise AssertionError(fault)


def request(folder: Path, name: str = "file", **options: Any) -> GenerationRequest:
    return GenerationRequest(
        Lease("job", "token"), "flexura-testcard", MediaType.IMAGE, "image", "a prompt", options, folder / name
    )


def generators() -> list[psutil.Process]:
    """Those of pools in this process; a whole installation that other tests have started has some of its own."""
    forked = [process for server in psutil.Process().children() for process in server.children()]
    return [process for process in forked if is_running(process) and GENERATOR in process.cmdline()]


def is_running(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def ignore(_: float) -> None:
    """Progress that nobody asks for."""
