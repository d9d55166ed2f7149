"""A worker that sleeps past its lease while another finishes its job, and then wakes with a result of its own."""

import asyncio
import functools
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from faults.world import World, environment_of
from servers.client import Client, client
from servers.process import ServerProcess
from servers.waiting import eventually

TAKE_S = 2.0
WITHIN_S = 60.0
SETTLED = frozenset({"lost", "unrenewed", "refused"})


async def oversleep_lease(world: World) -> None:
    """Fails where the sleeper's result counted, or where the job shows another one after it woke."""
    async with client(world.flexura.url, world.flexura.key) as api:
        job_id = await api.submit("image", "its worker sleeps", payload_bytes=4096, take_s=TAKE_S)
        await api.processing(job_id, WITHIN_S)
        sleeper = world.flexura.pids()["media-worker"]
        async with asleep(world), stand_in(world, sleeper):
            job = await api.finished(job_id, WITHIN_S)
            assert job["status"] == "completed", job
            assert job["attempt"] == 2, job
        await eventually(lambda: bool(outcomes(world.log("media-worker"), job_id)), WITHIN_S)
        assert outcomes(world.log("media-worker"), job_id) <= SETTLED, "the result of a lost lease counted"
        await unchanged(api, job_id, job)


@asynccontextmanager
async def asleep(world: World) -> AsyncIterator[None]:
    world.flexura.send("media-worker", signal.SIGSTOP)
    try:
        yield
    finally:
        world.flexura.send("media-worker", signal.SIGCONT)


@asynccontextmanager
async def stand_in(world: World, sleeper: int) -> AsyncIterator[None]:
    """A second worker, set up as the first one is, with a spool of its own."""
    environment = environment_of(sleeper) | {"FLEXURA_SPOOL_DIR": str(world.folder / "spool-of-stand-in")}
    log = world.folder / "stand-in.log"
    log.unlink(missing_ok=True)
    probe = functools.partial(why_not_ready, log)
    command = [*entering(sleeper), sys.executable, "-m", "flexura_media_worker"]
    process = ServerProcess(command, log, probe, environment=environment)
    await process.start()
    try:
        yield
    finally:
        await process.stop()


def entering(process: int) -> list[str]:
    """What a command begins with to see the file systems that a process sees: the store's may be its own."""
    theirs, ours = (Path(f"/proc/{name}/ns/mnt").readlink() for name in (process, "self"))
    return [] if theirs == ours else ["nsenter", f"--mount=/proc/{process}/ns/mnt", "--"]


async def why_not_ready(log: Path) -> str | None:
    lines = await asyncio.to_thread(log.read_text)
    said = [event.get("ready") for event in events(lines) if event.get("event") == "readiness_changed"]
    return None if said and said[-1] else "it has not said that it is ready"


def outcomes(log: str, job_id: str) -> set[str]:
    """How the attempts at a job ended, by the worker's own word."""
    return {str(event["outcome"]) for event in events(log) if event.get("job_id") == job_id and "outcome" in event}


def events(log: str) -> list[dict[str, object]]:
    parsed = []
    for line in log.splitlines():
        try:
            parsed.append(json.loads(line))
        except ValueError:
            continue
    return parsed


async def unchanged(api: Client, job_id: str, job: dict[str, object]) -> None:
    again = await api.job(job_id)
    assert again == job, f"{again} after {job}"
    await api.asset(again)
