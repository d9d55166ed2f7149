"""Asking the supervisor to stop: once in order, twice at once, and in the middle of a start."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from servers.installation import children_of, command_of, is_alive
from servers.waiting import eventually

STUBBORN = """
import asyncio, sys
from pathlib import Path
from flexura_local.console import Console
from flexura_local.home import Home
from flexura_local.parts import Part, Plan
from flexura_local.supervisor import Supervisor

IGNORES = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('set', flush=True); time.sleep(60)"

async def when_set(child):
    return None if READY and "set" in child.log_since_start() else "not set"

parts = [Part("stubborn", "here", [sys.executable, "-c", IGNORES], when_set, stop_grace_s=30)]
if READY:
    parts.append(Part("broken", "here", [sys.executable, "-c", "raise SystemExit(3)"], when_set))
home = Home(Path(sys.argv[1]))
with home.held():
    plan = Plan((tuple(parts),), "unix:/nowhere.sock", "http://nowhere", "http://nowhere")
    asyncio.run(Supervisor(home, plan, Console()).run())
"""


async def _supervisor(folder: Path, *, ready: bool) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"READY = {ready}\n{STUBBORN}", str(folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def _child_of(process: asyncio.subprocess.Process, folder: Path) -> int:
    log = folder / "log" / "stubborn.log"
    await eventually(lambda: log.exists() and "set" in log.read_text())
    (child,) = (child for child in children_of(process.pid) if "SIG_IGN" in command_of(child))
    return child


async def test_second_request_to_stop_kills_at_once(tmp_path: Path) -> None:
    process = await _supervisor(tmp_path, ready=False)
    child = await _child_of(process, tmp_path)
    process.send_signal(signal.SIGINT)
    await asyncio.sleep(1)
    assert is_alive(child)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(5):
        output, _ = await process.communicate()
    assert not is_alive(child)
    assert b"Traceback" not in output


async def test_start_that_fails_stops_what_was_started_and_says_why(tmp_path: Path) -> None:
    process = await _supervisor(tmp_path, ready=True)
    child = await _child_of(process, tmp_path)
    # Another part dies again and again; a second request need not wait for this one.
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while b"could not start" not in await process.stdout.readline():
            pass
    await asyncio.sleep(0.5)  # The system makes one of two signals that are sent at the same moment.
    process.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(15):
        output, _ = await process.communicate()
    assert not is_alive(child)
    assert b"StartError: broken does not stay up, it ended with status 3 again and again; see " in output


async def test_interruption_that_was_held_back_ends_a_start_in_silence(tmp_path: Path) -> None:
    # As `make run` starts it: Ctrl-C is held back while Python itself starts.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "flexura_local"),
            env={**os.environ, "FLEXURA_HOME": str(tmp_path / "home")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        process.send_signal(signal.SIGINT)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    assert output == b""
    assert process.returncode == -signal.SIGINT
