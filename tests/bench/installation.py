"""The whole, as `make run` starts it, and programs beside it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

READY_S = 90.0
STOP_S = 30.0
QUEUED_MAX = "1000000"  # What is measured is the speed of accepting, not its bounds.


@dataclass(frozen=True)
class Installation:
    """A running installation with its home to itself."""

    home: Path
    port: int
    supervisor: int
    ready_s: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        return (self.home / "first-key").read_text().strip()

    def socket(self, service: str) -> str:
        return str(self.home / "run" / f"{service}.sock")

    def pids(self, module: str) -> list[int]:
        """The process that runs a service, and the processes below it."""
        roots = [pid for pid in descendants(self.supervisor) if f"-m\0{module}\0" in command_line(pid) + "\0"]
        return [pid for root in roots for pid in (root, *descendants(root))]

    def programs(self, name: str) -> list[int]:
        """The processes of a program that is not ours."""
        return [pid for pid in descendants(self.supervisor) if Path(command_line(pid).split("\0")[0]).name == name]

    def environment(self, module: str) -> dict[str, str]:
        """What a service was started with: a peer that replaces it takes the same."""
        raw = Path(f"/proc/{self.pids(module)[0]}/environ").read_text()
        return dict(pair.split("=", 1) for pair in raw.split("\0") if "=" in pair)

    @asynccontextmanager
    async def paused(self, module: str) -> AsyncIterator[None]:
        """Holds a service and its children still, so that they cost nothing."""
        pids = self.pids(module)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def installation(home: Path, **settings: str) -> AsyncIterator[Installation]:
    port = free_port()
    unlimited = {"FLEXURA_QUEUED_OF_ACCOUNT_MAX": QUEUED_MAX, "FLEXURA_QUEUED_MAX": QUEUED_MAX}
    environment = os.environ | {"FLEXURA_HOME": str(home), "FLEXURA_PORT": str(port)} | unlimited | settings
    began = time.monotonic()
    async with program([sys.executable, "-m", "flexura_local"], home.with_suffix(".log"), environment) as process:
        await answering(f"http://127.0.0.1:{port}/readyz", process)
        ready_s = time.monotonic() - began
        async with asyncio.timeout(READY_S):
            while not (home / "first-key").exists():
                await asyncio.sleep(0.1)
        yield Installation(home, port, process.pid, ready_s)


@asynccontextmanager
async def program(
    command: Sequence[str], log: Path, environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Starts a program, its output in a file, and stops it at the end."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=output, stderr=subprocess.STDOUT, env=dict(environment)
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def answering(url: str, process: asyncio.subprocess.Process) -> None:
    """Waits until the address answers 200."""
    async with asyncio.timeout(READY_S):
        while not await asyncio.to_thread(answers, url):
            if process.returncode is not None:
                raise SystemExit(
                    f"a program of the benchmark ended with status {process.returncode} before {url} answered"
                )
            await asyncio.sleep(0.1)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - an address of our own
            return True
    except OSError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def descendants(pid: int) -> list[int]:
    children: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (task / "children").read_text().split())
    return [found for child in children for found in (child, *descendants(child))]


def command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def memory_mb(pid: int) -> float:
    """Resident memory of one process, of what it shares with others its share."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return int(fields["Pss"].split()[0]) / 1000


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has taken, with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
