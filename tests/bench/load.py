"""Load by wrk, and what it reports."""

import asyncio
import os
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("requests.lua")


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw."""

    requests: int
    seconds: float
    bytes_read: int
    p50_ms: float
    p99_ms: float
    refused: int
    broken: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def mib_per_second(self) -> float:
        return self.bytes_read / self.seconds / (1 << 20)


def program() -> str:
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit("the benchmark needs wrk (Debian: apt-get install wrk)")
    return found


async def load(
    base_url: str,
    requests: Sequence[str],
    *,
    key: str = "",
    method: str = "GET",
    connections: int = 64,
    seconds: int = 5,
) -> Load:
    """Sends the requests in turn for some seconds; each is a path, or a path, a tab and a body."""
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as file:
        file.write("\n".join(requests) + "\n")
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(program(), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT), base_url),
            env=os.environ | {"BENCH_METHOD": method, "BENCH_KEY": key, "BENCH_FILE": file.name},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await asyncio.wait_for(process.communicate(), seconds + 60)
    line = next(line for line in out.decode().splitlines() if line.startswith("RESULT "))
    requests_done, duration_us, read, p50_us, p99_us, refused, broken = map(int, line.split()[1:])
    return Load(requests_done, duration_us / 1e6, read, p50_us / 1000, p99_us / 1000, refused, broken)


def share_of(runs: list[Load], peers: list[Load]) -> float:
    """The median of what each run reached of the one beside it: the machine's mood was nearly the same for both."""
    return statistics.median(run.per_second / peer.per_second for run, peer in zip(runs, peers, strict=True))
