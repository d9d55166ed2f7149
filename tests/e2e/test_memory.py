"""What an installation takes of the memory of a machine."""

import asyncio
from pathlib import Path

import pytest
from servers.installation import command_of, installation, tree_of
from servers.waiting import eventually

MB_MAX = 600
MB = 1024  # Of smaps_rollup, whose unit is KiB.
SLOTS = 4  # As on two cores, where nobody says another number.
GENERATOR = "-m flexura_media_worker.generator "
STEADY_MB = 2.0
LOOK_S = 5.0


@pytest.mark.heavy
async def test_an_installation_at_rest_takes_at_most_600_mb(tmp_path: Path) -> None:
    async with installation(tmp_path, FLEXURA_SLOTS=str(SLOTS)) as flexura:
        pid = flexura.process.pid
        # What is not needed to be ready starts later.
        await eventually(lambda: count(pid, GENERATOR) == SLOTS, within_s=60)
        memory = await steady_memory(pid)

    table = "\n".join(f"{mb:7.1f} MB  {command}" for command, mb in memory)
    total = sum(mb for _, mb in memory)
    assert total <= MB_MAX, f"{total:.1f} MB\n{table}"


async def steady_memory(pid: int) -> list[tuple[str, float]]:
    """The memory of each process, once all together change no more."""
    before = 0.0
    async with asyncio.timeout(90):
        while True:
            await asyncio.sleep(LOOK_S)
            memory = [(command_of(process)[:120], pss_mb(process)) for process in tree_of(pid)]
            total = sum(mb for _, mb in memory)
            if abs(total - before) < STEADY_MB:
                return memory
            before = total


def count(pid: int, words: str) -> int:
    return sum(words in command_of(process) for process in tree_of(pid))


def pss_mb(pid: int) -> float:
    """Resident memory, of what it shares with others its share (proc(5), Pss)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / MB
