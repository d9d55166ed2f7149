"""A start that is interrupted at any moment leaves nothing behind, and one whose output nobody takes goes on."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from flexura_local.ports import free_ports

pytestmark = pytest.mark.heavy

STEP_S, LAST_S = 0.5, 8.0
END_S = 60.0
MOMENTS = {
    signal.SIGINT: [number * STEP_S for number in range(1, int(LAST_S / STEP_S) + 1)],
    signal.SIGTERM: [1.0, 2.0, 3.5, 5.0],
    signal.SIGHUP: [1.0, 2.0, 3.5, 5.0],
}


def _processes_of(home: Path) -> list[str]:
    """The command of each process that has the home in its arguments or in its environment."""
    found = []
    for folder in Path("/proc").iterdir():
        # A process may end at any moment.
        with contextlib.suppress(OSError):
            if folder.name.isdecimal() and int(folder.name) != os.getpid():
                command = (folder / "cmdline").read_bytes()
                is_gone = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
                if os.fsencode(home) in command + (folder / "environ").read_bytes() and not is_gone:
                    found.append(os.fsdecode(command.replace(b"\0", b" ")))
    return found


async def _start(home: Path, port: int, stdout: int | None, **given: str) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLEXURA_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "flexura_local"),
        env=environment | {"FLEXURA_HOME": str(home), "FLEXURA_PORT": str(port)} | given,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


async def _ready(port: int) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(END_S):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(STEP_S)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", MOMENTS, ids=lambda number: number.name)
async def test_start_that_is_interrupted_leaves_no_process_and_the_next_one_works(
    tmp_path: Path, number: signal.Signals
) -> None:
    home, (port,) = tmp_path / "home", free_ports(1)
    for moment in MOMENTS[number]:
        process = await _start(home, port, asyncio.subprocess.PIPE)
        await asyncio.sleep(moment)
        # To all that belong to the terminal, as Ctrl-C and a terminal that is closed do it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        async with asyncio.timeout(END_S):
            output, _ = await process.communicate()
        assert b"Traceback" not in output, (moment, output)
        assert process.returncode in {0, -number}, (moment, output)
        assert _processes_of(home) == [], (moment, output)
    process = await _start(home, port, asyncio.subprocess.DEVNULL)
    await _ready(port)
    process.terminate()
    async with asyncio.timeout(END_S):
        assert await process.wait() == 0


@pytest.mark.parametrize("place", ["/dev/full", "closed"])
@pytest.mark.parametrize("level", ["error", "debug"])
async def test_start_whose_output_nobody_takes_becomes_ready_and_stops(tmp_path: Path, place: str, level: str) -> None:
    home, (port,) = tmp_path / "home", free_ports(1)
    if place == "closed":
        # As `make run >&-` starts it: the first file that it opens has the number of its output.
        command = f'exec "{sys.executable}" -m flexura_local >&- 2>&- <&-'
    else:
        command = f'exec "{sys.executable}" -m flexura_local >/dev/full 2>&1'
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLEXURA_")}
    own = {"FLEXURA_HOME": str(home), "FLEXURA_PORT": str(port), "FLEXURA_LOG_LEVEL": level}
    process = await asyncio.create_subprocess_exec("sh", "-c", command, env=environment | own, start_new_session=True)
    try:
        await _ready(port)
    finally:
        process.terminate()
        async with asyncio.timeout(END_S):
            assert await process.wait() == 0
    assert _processes_of(home) == []
