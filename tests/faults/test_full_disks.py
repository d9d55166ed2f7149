"""One disk of an installation is full: accepted jobs wait, others are refused clearly, and all goes on by itself."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from faults.disk import SmallDisk, why_missing
from faults.submits import Submits, submitting
from servers.client import Client, client
from servers.installation import Installation, installation
from servers.waiting import eventually

MB = 1 << 20
FULL_S = 10  # Long enough for each part to meet it.
ACCEPTED_MIN = 5
NAMED_WITHIN_S = 45
HEAL_S = 60
LINES, AT_ONCE = 2000, 40
PROGRAM = (str(Path(__file__).with_name("small_home.py")),)


@dataclass(frozen=True)
class Disk:
    """A folder of the home with a disk of its own, and what its being full comes to."""

    name: str
    folder: str
    size_bytes: int
    named: str = ""
    """What /readyz says meanwhile; nothing where the installation does without nothing."""
    takes_jobs: bool = True
    """Whether submits are accepted meanwhile."""
    restarted: frozenset[str] = frozenset()
    """The parts that are started again once there is room."""


DISKS = [
    Disk("home", ".", 256 * MB, "database", takes_jobs=False, restarted=frozenset({"nats", "s3"})),
    Disk("database", "db", 48 * MB, "database", takes_jobs=False),
    Disk("broker", "nats", 64 * MB, "hints", restarted=frozenset({"nats"})),
    Disk("store", "s3", 256 * MB, restarted=frozenset({"s3"})),
    Disk("spool", "spool", 32 * MB),
    Disk("log", "log", 16 * MB),
]


@pytest.mark.heavy
@pytest.mark.timeout(400)
@pytest.mark.parametrize("disk", DISKS, ids=lambda disk: disk.name)
async def test_all_goes_on_by_itself_after_a_disk_was_full(
    tmp_path: Path, record_property: Callable[[str, object], None], disk: Disk
) -> None:
    if missing := await asyncio.to_thread(why_missing):
        pytest.fail(f"no small disk can be had on this machine: {missing}")
    settings = {"FAULTS_DISK_FOLDER": disk.folder, "FAULTS_DISK_BYTES": str(disk.size_bytes)}
    async with installation(tmp_path, PROGRAM, **settings) as flexura:
        key = await asyncio.to_thread(key_of, flexura)
        async with client(flexura.url, key) as api:
            async with submitting(flexura.url, key) as submits:
                await eventually(lambda: len(submits.accepted) >= ACCEPTED_MIN, HEAL_S)
                small = SmallDisk(flexura.process.pid, flexura.home.folder / disk.folder)
                parts, ready = flexura.pids(), times_ready(flexura)
                await asyncio.to_thread(small.fill)
                await flood_logs(api)
                await seen_full(flexura, disk, submits)
                small.empty()
                healed_s = await seen_well(flexura, disk, submits, ready)
            await all_well(api, submits)
            dropped = await asyncio.to_thread(lines_dropped, flexura)
            told = f"{submits.told()}, {dropped} lines of logs dropped; well after {healed_s:.1f} s"
            record_property("fault_run", f"disk of the {disk.name}: {told}")
            assert dropped or disk.name != "log"
        assert {part for part, pid in flexura.pids().items() if pid != parts.get(part)} <= disk.restarted
        assert "✗" not in "".join(line for line in flexura.printed.splitlines(True) if not of(disk.restarted, line))


def key_of(flexura: Installation) -> str:
    """The key in a home that only the installation's own processes see."""
    return Path(f"/proc/{flexura.process.pid}/root{flexura.home.first_key_file}").read_text().strip()


def times_ready(flexura: Installation) -> dict[str, int]:
    return {part: flexura.times_ready(part) for part in flexura.pids()}


def of(parts: frozenset[str], line: str) -> bool:
    return any(f" {part} " in line for part in parts)


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
        assert submits.refusals == []
        assert len(submits.accepted) > before
    else:
        assert submits.refusals
    for refusal in submits.refusals:
        assert refusal["status"] == 503, refusal
        assert refusal["code"] == "service_unavailable", refusal
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
    for job in await api.all_finished(submits.accepted, HEAL_S):
        assert job["status"] == "completed", job
        await api.asset(job)
