"""The cases: each answers rows of the report."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from google.protobuf.timestamp_pb2 import Timestamp

from bench.downloads import downloaded_mib_per_second
from bench.installation import Installation, answering, free_port, memory_mb, processor_s, program
from bench.internal import Internal, store_object
from bench.load import Load, load, share_of
from bench.peers import envoy, naked
from flexura.jobs.v1 import job_pb2
from flexura.search.v1.search_service_pb2 import GetStatusRequest
from flexura.search.v1.search_service_pb2_grpc import SearchServiceStub
from flexura_kit.rpc import rpc_channel

ROUNDS = 3  # Of assets and submits.
READ_ROUNDS = 9
READ_S = 2  # Of one load: the shorter the turns, the more alike is the machine's mood for all.
CALLS = 3000
CALL_S = 10.0
PIPELINE_JOBS = 1500
PIPELINE_S = 120.0
LOOK_AT = 100
LOOK_S = 0.2
PACED_JOBS = 500
PACED_PER_S = 50
READ_JOBS = 20_000
SUBMIT_BODIES = 2_000
SERVICES = ("flexura_edge", "flexura_auth", "flexura_search", "flexura_jobs", "flexura_media_worker")
MIB = 1 << 20
STORE_DOWNLOAD_MIB = 2048


@dataclass(frozen=True)
class Row:
    """One line of the report; `goal` is what the project promises, `held` whether this run kept it."""

    case: str
    measured: str
    goal: str = ""
    held: bool | None = None


async def at_rest(running: Installation) -> list[Row]:
    rows = [Row("Ready after start", f"{running.ready_s:.1f} s", "15 s", running.ready_s <= 15)]
    for module in SERVICES:
        memory = memory_mb(running.pids(module)[0])
        limit = 120 if module == "flexura_edge" else 150
        rows.append(Row(f"Memory of {module} at rest", f"{memory:.0f} MB", f"{limit} MB", memory < limit))
    return rows


async def pipeline(running: Installation, inside: Internal) -> list[Row]:
    """From POST to a committed result: 1 KiB that nobody draws, through real slots, NATS and the store."""
    ids = await submit(running, PIPELINE_JOBS, per_second=None)
    jobs = await finished(inside, ids)
    first = min(seconds(job.create_time) for job in jobs)
    rate = len(jobs) / (max(seconds(job.finish_time) for job in jobs) - first)
    return [Row("Whole pipeline, 1 KiB results", f"{rate:.0f} jobs/s", "150 jobs/s", rate >= 150)]


async def submit_to_claimed(running: Installation, inside: Internal) -> list[Row]:
    ids = await submit(running, PACED_JOBS, per_second=PACED_PER_S)
    jobs = await finished(inside, ids)
    waits = sorted(1000 * (seconds(job.start_time) - seconds(job.create_time)) for job in jobs)
    p50, p99 = statistics.median(waits), waits[int(len(waits) * 0.99)]
    return [
        Row(f"Submit to claimed at {PACED_PER_S} jobs/s, p50", f"{p50:.1f} ms", "20 ms", p50 <= 20),
        Row(f"Submit to claimed at {PACED_PER_S} jobs/s, p99", f"{p99:.1f} ms", "100 ms", p99 <= 100),
    ]


async def calls(running: Installation) -> list[Row]:
    """The price of a call between services that carries next to nothing; it stands behind the batches."""
    (pid,) = running.pids("flexura_search")[:1]
    async with rpc_channel(f"unix:{running.socket('search')}") as channel:
        search = SearchServiceStub(channel)
        for _ in range(CALLS // 10):
            await search.GetStatus(GetStatusRequest(), timeout=CALL_S)
        called, caller = processor_s(pid), time.process_time()
        for _ in range(CALLS):
            await search.GetStatus(GetStatusRequest(), timeout=CALL_S)
        caller, called = time.process_time() - caller, processor_s(pid) - called
    spent = f"{caller / CALLS * 1e6:.0f} us and {called / CALLS * 1e6:.0f} us"
    return [Row("Processor time of a call between services, caller and called", spent)]


async def reads(running: Installation, inside: Internal, folder: Path) -> list[Row]:
    """Reads of jobs, in turn with the floor, aiohttp alone and Envoy: the machine's mood is the same for all."""
    in_progress = await inside.make_jobs(READ_JOBS)
    done = await inside.make_jobs(READ_JOBS // 4)
    key, asset, _ = await store_object(running, folder, 1024)
    await inside.finish_jobs(done, key, asset)
    urls = {name: f"http://127.0.0.1:{free_port()}" for name in ("naked", "floor", "edge", "envoy")}
    paths = [f"/api/jobs/{job_id}" for job_id in in_progress]
    done_paths = [f"/api/jobs/{job_id}" for job_id in done]
    transcoded = [
        "/flexura.jobs.v1.JobsService/BatchGetJobs\t"
        + json.dumps({"items": [{"accountId": inside.account_id, "jobId": job_id}]}, separators=(",", ":"))
        for job_id in in_progress
    ]
    async with AsyncExitStack() as peers:
        await start_peers(peers, running, folder, urls)
        runs: dict[str, list[Load]] = {name: [] for name in ("naked", "floor", "progress", "finished", "envoy")}
        turns: list[tuple[str, Callable[[], Awaitable[Load]]]] = [
            ("naked", partial(load, urls["naked"], paths, seconds=READ_S)),
            ("floor", partial(load, urls["floor"], paths, key=running.key, seconds=READ_S)),
            ("progress", partial(load, urls["edge"], paths, key=running.key, seconds=READ_S)),
            ("finished", partial(load, urls["edge"], done_paths, key=running.key, seconds=READ_S)),
            ("envoy", partial(load, urls["envoy"], transcoded, method="POST", seconds=READ_S)),
        ]
        for turn in range(READ_ROUNDS):
            # To and fro: the first of a pair has no advantage over the second.
            for name, run in turns if turn % 2 else reversed(turns):
                runs[name].append(await run())
    of_floor, of_envoy = share_of(runs["progress"], runs["floor"]), share_of(runs["progress"], runs["envoy"])
    return [
        Row("aiohttp alone, a constant", shown(runs["naked"])),
        Row("Floor: the edge with all that surrounds a request, a constant", shown(runs["floor"])),
        Row("Read of a job in progress", shown(runs["progress"])),
        Row("Read of a finished job", shown(runs["finished"])),
        Row("Envoy's gRPC-JSON transcoder, the same read", shown(runs["envoy"])),
        Row("Read of a job in progress / floor", f"{of_floor:.2f}", "0.65", of_floor >= 0.65),
        Row("Read of a job in progress / Envoy", f"{of_envoy:.1f}", "3", of_envoy >= 3),
    ]


async def start_peers(peers: AsyncExitStack, running: Installation, folder: Path, urls: dict[str, str]) -> None:
    """Starts all in the same way, the edge among them: settings of production, log to a file."""
    environment = running.environment("flexura_edge")
    ports = {name: urlsplit(url).port or 0 for name, url in urls.items()}
    commands = {
        "naked": [sys.executable, str(naked.__file__), str(ports["naked"])],
        "floor": [sys.executable, "-m", "bench.peers.floor"],
        "edge": [sys.executable, "-m", "flexura_edge"],
        "envoy": envoy.command(folder, ports["envoy"], running.socket("jobs")),
    }
    for name, command in commands.items():
        own = {"FLEXURA_LISTEN": urlsplit(urls[name]).netloc, "PYTHONPATH": str(Path(__file__).parents[1])}
        process = await peers.enter_async_context(program(command, folder / f"{name}.log", environment | own))
        if name != "envoy":
            await answering(f"{urls[name]}/readyz", process)
    await asyncio.sleep(2)  # Envoy answers nothing but the calls it transcodes.


async def assets(running: Installation, inside: Internal, folder: Path) -> list[Row]:
    rows = []
    for size in (1, 64):
        key, asset, link = await store_object(running, folder, size * MIB)
        (job_id,) = await inside.make_jobs(1)
        await inside.finish_jobs([job_id], key, asset)
        certificate = Path(running.environment("flexura_edge")["FLEXURA_S3_CERTIFICATE_FILE"])
        ours, stores = [], []
        for _ in range(ROUNDS):
            ours.append(await load(running.url, [f"/api/assets/{job_id}.png"], connections=8))
            stores.append(await downloaded_mib_per_second(link, certificate, size * MIB, 8, STORE_DOWNLOAD_MIB // size))
        rate, of_store = statistics.median(run.mib_per_second for run in ours), statistics.median(stores)
        rows += [
            Row(f"Asset of {size} MiB, 8 connections", f"{rate:.0f} MiB/s"),
            Row("The same object straight from the store", f"{of_store:.0f} MiB/s"),
            Row(f"Asset of {size} MiB / store", f"{rate / of_store:.2f}", "0.7 (aim)", rate / of_store >= 0.7),
        ]
    return rows


async def submits(running: Installation) -> list[Row]:
    """Last, because what it leaves queued nobody works off."""
    requests = [f"/api/generate/image\t{body(number, take_s=600)}" for number in range(SUBMIT_BODIES)]
    runs = [await load(running.url, requests, key=running.key, method="POST") for _ in range(ROUNDS)]
    rate = statistics.median(run.per_second for run in runs)
    return [Row("Durable submit", shown(runs), "1500/s", rate >= 1500 and not any(run.refused for run in runs))]


def body(number: int, **options: float) -> str:
    return json.dumps({"prompt": f"a futuristic city, {number}", "model": "flexura-testcard-image", "options": options})


async def submit(running: Installation, count: int, per_second: float | None) -> list[str]:
    """Posts jobs, at a pace or as fast as 32 clients can, and answers their ids."""
    waiting = asyncio.Semaphore(32)
    began = time.monotonic()

    async def post(number: int) -> str:
        if per_second is not None:
            await asyncio.sleep(began + number / per_second - time.monotonic())
        async with (
            waiting,
            session.post(f"{running.url}/api/generate/image", data=body(number, payload_bytes=1024)) as answer,
        ):
            return str((await answer.json())["job_id"])

    headers = {"Authorization": f"Bearer {running.key}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        return await asyncio.gather(*(post(number) for number in range(count)))


async def finished(inside: Internal, ids: Sequence[str]) -> list[job_pb2.Job]:
    """Waits for all, looking at few at a time: whoever watches should cost nothing."""
    unfinished = list(ids)
    async with asyncio.timeout(PIPELINE_S):
        while unfinished:
            looked_at = await inside.read_jobs(unfinished[:LOOK_AT])
            going_on = [job.job_id for job in looked_at if job.state != job_pb2.JOB_STATE_COMPLETED]
            unfinished = going_on + unfinished[LOOK_AT:]
            if going_on:
                await asyncio.sleep(LOOK_S)
    return await inside.read_jobs(ids)


def seconds(time_: Timestamp) -> float:
    return time_.seconds + time_.nanos / 1e9


def shown(runs: Sequence[Load]) -> str:
    typical = sorted(runs, key=lambda run: run.per_second)[len(runs) // 2]
    refused = sum(run.refused + run.broken for run in runs)
    trouble = f", {refused} failed" if refused else ""
    return f"{typical.per_second:,.0f}/s, p50 {typical.p50_ms:.1f} ms, p99 {typical.p99_ms:.1f} ms{trouble}"
