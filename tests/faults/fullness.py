"""What an installation has to do while one of its disks is full, and once there is room again."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from faults.submits import Submits
from servers.client import Client
from servers.installation import Installation
from servers.waiting import eventually

FULL_S = 10  # Long enough for each part to meet it.
NAMED_WITHIN_S = 45
HEAL_S = 60
DONE_S = 240  # For a slow machine to do all that was accepted meanwhile.
LINES, AT_ONCE = 2000, 40


@dataclass(frozen=True)
class Disk:
    """A folder of the home with a disk of its own, and what its being full comes to."""

    name: str
    folder: str
    size_mb: int
    named: str = ""
    """What /readyz says meanwhile; nothing where the installation does without nothing."""
    takes_jobs: bool = True
    """Whether submits are accepted meanwhile."""
    restarted: frozenset[str] = frozenset()
    """The parts that are started again once there is room."""
    files_max: int = 0
    """How many files it takes, where it is filled with empty ones instead of bytes."""
    drops_lines: bool = False
    """Whether lines of logs find no room."""


def key_of(flexura: Installation) -> str:
    """The key in a home that only the installation's own processes see."""
    return Path(f"/proc/{flexura.process.pid}/root{flexura.home.first_key_file}").read_text().strip()


def times_ready(flexura: Installation) -> dict[str, int]:
    return {part: flexura.times_ready(part) for part in flexura.pids()}


def deaths(flexura: Installation, disk: Disk) -> list[str]:
    """What the supervisor said of parts that died and need not have."""
    lines = [line for line in flexura.printed.splitlines() if "✗" in line]
    # Killed because it met the full disk, which takes one start to mend and no more.
    return [line for line in lines if not any(f" {part} " in line and "SIGKILL" in line for part in disk.restarted)]


async def flood_logs(api: Client) -> None:
    """Has more lines written than the edge keeps for a log that takes none."""
    for _ in range(LINES // AT_ONCE):
        await asyncio.gather(*(api.models() for _ in range(AT_ONCE)))


async def seen_full(flexura: Installation, disk: Disk, submits: Submits) -> None:
    """Waits until each part has met it, and the installation says what it does without."""
    filled, before = asyncio.get_running_loop().time(), len(submits.accepted)
    if disk.named:
        await eventually(lambda: says(flexura, disk.named), NAMED_WITHIN_S)
    await asyncio.sleep(max(filled + FULL_S - asyncio.get_running_loop().time(), 0))
    if disk.takes_jobs:
        assert len(submits.accepted) > before
        assert not submits.refusals, submits.refusals[0]
    else:
        assert "service_unavailable" in {refusal["code"] for refusal in submits.refusals}
    for refusal in submits.refusals:
        # A slow machine may answer 504; sent under a key, either may be sent again.
        assert refusal["status"] in {503, 504}, refusal
        assert refusal["retryable"], refusal
        assert refusal["retry_after"], refusal


async def seen_well(flexura: Installation, disk: Disk, submits: Submits, ready: dict[str, int]) -> float:
    """Answers how long it took until all parts were started again that must be, jobs are taken and nothing is amiss."""
    emptied = asyncio.get_running_loop().time()
    for part in disk.restarted:
        await eventually(lambda part=part: flexura.times_ready(part) > ready[part], HEAL_S)
    before = len(submits.accepted)
    await eventually(lambda: len(submits.accepted) > before, HEAL_S)
    await eventually(lambda: is_well(flexura), HEAL_S)
    return asyncio.get_running_loop().time() - emptied


async def says(flexura: Installation, word: str) -> bool:
    status = await readiness(flexura)
    return word in json.dumps([status["missing"], status["impaired"]])


async def is_well(flexura: Installation) -> bool:
    status = await readiness(flexura)
    return not status["missing"] and not status["impaired"]


async def readiness(flexura: Installation) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{flexura.url}/readyz") as answer:
        status: dict[str, Any] = await answer.json()
        return status


def lines_dropped(flexura: Installation) -> int:
    """How many lines of logs found no room, as the parts count them themselves."""
    folder = Path(f"/proc/{flexura.process.pid}/root{flexura.home.folder}/log")
    lines = [line for log in folder.glob("*.log") for line in log.read_text(errors="replace").splitlines()]
    return sum(json.loads(line)["lines"] for line in lines if '"log_lines_dropped"' in line)


async def all_well(api: Client, submits: Submits) -> None:
    """Whatever was accepted has completed and has its asset."""
    for job in await api.all_finished(submits.accepted, DONE_S):
        assert job["status"] == "completed", job
        await api.asset(job)
