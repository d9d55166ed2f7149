"""Every service lives on and stops in order while nobody takes its log: full disk, reader gone, reader that sleeps."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from servers.waiting import eventually

from flexura_local.ports import free_ports

MODULES = {
    "jobs": "flexura_jobs",
    "webhooks": "flexura_jobs.webhooks",
    "auth": "flexura_auth",
    "search": "flexura_search",
    "edge": "flexura_edge",
    "media-worker": "flexura_media_worker",
}
SERVICES = [name if name == "jobs" else pytest.param(name, marks=pytest.mark.heavy) for name in MODULES]
READERS: list[int] = []


def environment_of(service: str, folder: Path, metrics_port: int) -> dict[str, str]:
    folder.mkdir()
    common = {"FLEXURA_LOG_FORMAT": "json", "FLEXURA_METRICS_LISTEN": f"127.0.0.1:{metrics_port}"}
    bus = {"FLEXURA_NATS_URL": "nats://127.0.0.1:1"}
    listen = {"FLEXURA_RPC_LISTEN": f"unix:{folder}/{service}.sock"}
    key = folder / "key"
    key.write_text("A" * 43 + "=\n")
    peers = {f"FLEXURA_{name}_TARGET": f"unix:{folder}/nobody.sock" for name in ("AUTH", "JOBS", "SEARCH")}
    own = {
        "jobs": bus | listen | {"FLEXURA_DATABASE_URL": f"sqlite:///{folder}/jobs.db"},
        "webhooks": {
            "FLEXURA_DATABASE_URL": f"sqlite:///{folder}/jobs.db",
            "FLEXURA_WEBHOOKS_KEY_FILE": str(key),
        },
        "auth": bus | listen | {"FLEXURA_DATABASE_URL": f"sqlite:///{folder}/auth.db"},
        "search": bus | listen,
        "edge": bus | peers | {"FLEXURA_LISTEN": f"127.0.0.1:{free_ports(1)[0]}"},
        "media-worker": bus
        | {
            "FLEXURA_JOBS_TARGET": peers["FLEXURA_JOBS_TARGET"],
            "FLEXURA_SPOOL_DIR": str(folder / "spool"),
            "FLEXURA_SLOTS": "1",
        },
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FLEXURA_")}
    return inherited | common | own[service]


@asynccontextmanager
async def running(service: str, folder: Path, stderr: int) -> AsyncIterator[tuple[subprocess.Popen[bytes], int]]:
    (port,) = free_ports(1)
    process = subprocess.Popen(  # noqa: ASYNC220 - a start that blocks for a moment blocks nobody here.
        [sys.executable, "-m", MODULES[service]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env=environment_of(service, folder, port),
        start_new_session=True,
    )
    os.close(stderr)
    try:
        yield process, port
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


async def is_measurable(process: subprocess.Popen[bytes], port: int) -> bool:
    """Its metrics are served from before it is built, and stopping it is in order from then on."""
    assert process.poll() is None, f"it ended with status {process.returncode}"
    try:
        answer = await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{port}/metrics", None, 5)
    except OSError:
        return False
    return b"process_cpu_seconds_total" in answer.read()


async def stops_in_order(process: subprocess.Popen[bytes]) -> bool:
    process.send_signal(signal.SIGTERM)
    return await asyncio.to_thread(process.wait, 30) == 0


def full_disk() -> int:
    return os.open("/dev/full", os.O_WRONLY)


def pipe_without_a_reader() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def pipe_that_nobody_reads() -> int:
    """It is full, and its reading end stays open in this process."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    READERS.append(reader)
    return writer


@pytest.mark.parametrize("log", [full_disk, pipe_without_a_reader, pipe_that_nobody_reads])
@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_starts_and_stops_in_order_while_nobody_takes_its_log(
    service: str, log: Callable[[], int], tmp_path: Path
) -> None:
    async with running(service, tmp_path / service, log()) as (process, port):
        await eventually(lambda: is_measurable(process, port), within_s=60)
        assert await stops_in_order(process)
    while READERS:
        os.close(READERS.pop())
