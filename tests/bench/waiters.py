"""Ten thousand clients that wait for their jobs: when they are told, and what they cost."""

import asyncio
import resource
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bench.cases import Row
from bench.installation import Installation, memory_mb
from bench.internal import Internal, store_object
from flexura.jobs.v1 import job_pb2

WAITERS = 10_000
OF_ONE_JOB = 300  # Of them; each other one has a job of its own.
WAIT_S = 60
COMPLETIONS = 100  # One after another, while everybody else is idle.
PAUSE_S = 0.05
CONNECTING = 128  # At once.
CONNECT_S = 30.0
SETTLE_S = 3.0  # For the last ones to have begun to wait.
ANSWER_S = 10.0
SPARE_FILES = 500


class WaitingClient(asyncio.Protocol):
    """Sends one request and notes when its answer begins, and with what."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._transport: asyncio.Transport | None = None
        self.answer: asyncio.Future[tuple[float, bytes]] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._note(data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._note(b"")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _note(self, data: bytes) -> None:
        if not self.answer.done():
            self.answer.set_result((time.monotonic(), data))


class Crowd:
    """Everybody who waits, by the job that they wait for."""

    def __init__(self) -> None:
        self._clients: dict[str, list[WaitingClient]] = {}

    async def connect(self, running: Installation, job_ids: Sequence[str]) -> None:
        places = asyncio.Semaphore(CONNECTING)

        async def one(job_id: str) -> None:
            async with places:
                self._clients.setdefault(job_id, []).append(await waiting_client(running, job_id))

        async with asyncio.timeout(CONNECT_S):
            await asyncio.gather(*map(one, job_ids))

    def refuse_answered(self, job_ids: Sequence[str]) -> None:
        if any(client.answer.done() for job_id in job_ids for client in self._clients[job_id]):
            raise SystemExit("clients that wait were answered before their jobs had ended")

    async def delays_ms(self, inside: Internal, job_id: str, key: str, asset: job_pb2.Asset) -> list[float]:
        """Ends a job; answers for each who waits for it how long after the worker's report it was told."""
        (report,) = await inside.claim([job_id], key, asset)
        await asyncio.sleep(PAUSE_S)
        await inside.complete(report)
        reported = time.monotonic()
        async with asyncio.timeout(ANSWER_S):
            answers = await asyncio.gather(*(client.answer for client in self._clients[job_id]))
        if not all(data.startswith(b"HTTP/1.1 200 ") for _, data in answers):
            raise SystemExit(f"a client that waited was not answered with its job: {answers[0][1][:200]!r}")
        # An answer may overtake the one that the worker gets.
        return [max(0.0, 1000 * (answered - reported)) for answered, _ in answers]

    def disperse(self) -> None:
        for some in self._clients.values():
            for client in some:
                client.close()


async def waiters(running: Installation, inside: Internal, folder: Path) -> list[Row]:
    allow_files(WAITERS + SPARE_FILES)
    one, *each = await inside.make_jobs(WAITERS - OF_ONE_JOB + 1)
    key, asset, _ = await store_object(running, folder, 1024)
    edge = running.pids("flexura_edge")[0]
    alone_mb = memory_mb(edge)
    crowd = Crowd()
    try:
        await crowd.connect(running, [one] * OF_ONE_JOB + each)
        await asyncio.sleep(SETTLE_S)
        crowd.refuse_answered([one, *each])
        crowded_mb = memory_mb(edge)
        delays = [delay for job_id in each[:COMPLETIONS] for delay in await crowd.delays_ms(inside, job_id, key, asset)]
        together = await crowd.delays_ms(inside, one, key, asset)
        crowd.refuse_answered(each[COMPLETIONS:])
    finally:
        crowd.disperse()
    return rows(delays, together, alone_mb, crowded_mb)


def rows(delays: Sequence[float], together: Sequence[float], alone_mb: float, crowded_mb: float) -> list[Row]:
    p50, slowest, last = statistics.median(delays), max(delays), max(together)
    name = f"{WAITERS:,} idle waiters"
    return [
        Row(
            f"{name}: from report to answer, slowest of {len(delays)}",
            f"{slowest:.1f} ms, p50 {p50:.1f} ms",
            "200 ms",
            slowest <= 200,
        ),
        Row(f"{name}: the last of {OF_ONE_JOB} who wait for one job", f"{last:.1f} ms", "200 ms", last <= 200),
        Row(
            f"{name}: memory of flexura_edge",
            f"{crowded_mb:.0f} MB, {alone_mb:.0f} MB before",
            "500 MB",
            crowded_mb < 500,
        ),
    ]


def allow_files(count: int) -> None:
    """Each client is a file to this process and one to the edge, which takes all that it may have by itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        raise SystemExit(f"{WAITERS:,} clients need {count:,} open files, and a process may have {hard:,} here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


async def waiting_client(running: Installation, job_id: str) -> WaitingClient:
    address = urlsplit(running.url)
    request = (
        f"GET /api/jobs/{job_id}?wait={WAIT_S} HTTP/1.1\r\n"
        f"Host: {address.netloc}\r\nAuthorization: Bearer {running.key}\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: WaitingClient(request), address.hostname, address.port)
    return client
