"""Jobs services with databases of their own, each with an edge before it, to be measured in turn."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.installation import Installation, answering, free_port, program
from bench.internal import Internal
from flexura_kit.rpc import rpc_channel

TESTS = str(Path(__file__).parents[1])


@dataclass(frozen=True)
class Branch:
    """A branch of an installation: it has the same accounts, broker and store, and jobs of its own."""

    url: str
    database: Path
    inside: Internal


@asynccontextmanager
async def branch(
    running: Installation, inside: Internal, folder: Path, name: str, jobs_module: str = "flexura_jobs"
) -> AsyncIterator[Branch]:
    """Starts both processes with the settings of the installation's own."""
    database, target, address = folder / f"{name}.db", f"unix:{folder}/{name}.sock", f"127.0.0.1:{free_port()}"
    jobs = {"FLEXURA_DATABASE_URL": f"sqlite:///{database}", "FLEXURA_RPC_LISTEN": target, "PYTHONPATH": TESTS}
    edge = {"FLEXURA_JOBS_TARGET": target, "FLEXURA_LISTEN": address}
    jobs_command, edge_command = ([sys.executable, "-m", module] for module in (jobs_module, "flexura_edge"))
    async with (
        program(jobs_command, folder / f"{name}-jobs.log", running.environment("flexura_jobs") | jobs),
        program(edge_command, folder / f"{name}-edge.log", running.environment("flexura_edge") | edge) as process,
        rpc_channel(target) as channel,
    ):
        await answering(f"http://{address}/readyz", process)
        yield Branch(f"http://{address}", database, inside.of(channel))
