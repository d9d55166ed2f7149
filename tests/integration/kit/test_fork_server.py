"""The server of forks: programs that begin with what it has loaded, and with nothing of each other's."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from servers.installation import children_of, is_alive
from servers.waiting import eventually

from flexura_kit.fork_server import ForkedProcess, ForkServer, Program

LOADED = "import os\nloaded_by = os.getpid()\n"
TELLS = """
import json, os, sys
had = "loaded" in sys.modules
import loaded
told = {
    "module": __name__,
    "arguments": sys.argv[1:],
    "environment": dict(os.environ),
    "had": had,
    "loaded_by": loaded.loaded_by,
    "pid": os.getpid(),
    "group": os.getpgrp(),
    "input": sys.stdin.read(),
}
print(json.dumps(told), flush=True)
print("an error", file=sys.stderr)
sys.exit(7)
"""
SLEEPS = "import time\ntime.sleep(60)\n"
NEEDS_WHAT_IS_NOT_THERE = "import broken\n"
BROKEN = "raise RuntimeError('not on this machine')\n"
OWNER = """
import asyncio, sys
from flexura_kit.fork_server import ForkServer, Program

async def main():
    server = ForkServer([], {"PYTHONPATH": sys.argv[1]})
    process = await server.start(Program("sleeps", {}))
    print(process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    folder = tmp_path / "modules"
    folder.mkdir()
    texts = {
        "loaded": LOADED,
        "tells": TELLS,
        "sleeps": SLEEPS,
        "needs": NEEDS_WHAT_IS_NOT_THERE,
        "broken": BROKEN,
    }
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@asynccontextmanager
async def server(folder: Path, *names: str) -> AsyncIterator[ForkServer]:
    forks = ForkServer(names, {"PYTHONPATH": str(folder)})
    try:
        yield forks
    finally:
        await forks.close()


async def run(forks: ForkServer, folder: Path, program: Program) -> tuple[ForkedProcess, Path, Path]:
    """Starts a program with `asked` at its standard input."""
    output, errors, asked = folder / "output", folder / "errors", folder / "input"
    asked.write_text("asked")
    with asked.open("rb") as stdin, output.open("wb") as stdout, errors.open("wb") as stderr:
        process = await forks.start(program, stdin.fileno(), stdout.fileno(), stderr.fileno())
    return process, output, errors


async def told(forks: ForkServer, folder: Path, program: Program) -> dict[str, Any]:
    process, output, errors = await run(forks, folder, program)
    async with asyncio.timeout(30):
        assert await process.wait() == 7, errors.read_text()
    assert errors.read_text() == "an error\n"
    answer: dict[str, Any] = json.loads(output.read_text())
    assert answer["pid"] == answer["group"] == process.pid
    return answer


async def test_program_begins_with_what_is_loaded_and_with_its_own_things(modules: Path, tmp_path: Path) -> None:
    async with server(modules, "loaded") as forks:
        first = await told(forks, tmp_path, Program("tells", {"ITS": "own"}, ["a", "b c"]))
        second = await told(forks, tmp_path, Program("tells", {"OTHER": "too"}))

    assert first["module"] == "__main__"
    assert (first["arguments"], first["environment"], first["input"]) == (["a", "b c"], {"ITS": "own"}, "asked")
    assert (second["arguments"], second["environment"]) == ([], {"OTHER": "too"})
    assert first["had"]
    assert first["loaded_by"] == second["loaded_by"] != first["pid"]


async def test_kernel_shows_the_arguments_and_the_environment_of_the_program_alone(
    modules: Path, tmp_path: Path
) -> None:
    async with server(modules) as forks:
        one, *_ = await run(forks, tmp_path, Program("sleeps", {"SECRET_FILE": "/of/one"}, ["--one"]))
        other, *_ = await run(forks, tmp_path, Program("sleeps", {"OTHER_FILE": "/of/other"}))
        shown = [
            tuple(
                (Path("/proc") / str(process.pid) / name).read_bytes().rstrip(b"\0").split(b"\0")
                for name in ("cmdline", "environ")
            )
            for process in (one, other)
            if await titled(process)
        ]

    python = os.fsencode(sys.executable)
    assert shown == [
        ([python, b"-m", b"sleeps", b"--one"], [b"SECRET_FILE=/of/one"]),
        ([python, b"-m", b"sleeps"], [b"OTHER_FILE=/of/other"]),
    ]


async def test_signal_that_ends_a_program_is_told(modules: Path, tmp_path: Path) -> None:
    async with server(modules) as forks:
        process, *_ = await run(forks, tmp_path, Program("sleeps", {}))
        assert process.returncode is None
        os.killpg(process.pid, signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == -signal.SIGTERM
        assert process.returncode == -signal.SIGTERM


async def test_module_that_cannot_be_loaded_is_for_the_program_to_miss(modules: Path, tmp_path: Path) -> None:
    async with server(modules, "broken", "not_there", "loaded") as forks:
        assert (await told(forks, tmp_path, Program("tells", {})))["had"]
        process, _, errors = await run(forks, tmp_path, Program("needs", {}))
        async with asyncio.timeout(30):
            assert await process.wait() == 1
        assert errors.read_text().endswith("RuntimeError: not on this machine\n")


async def test_start_that_is_given_up_leaves_no_process_and_harms_no_other(modules: Path, tmp_path: Path) -> None:
    async with server(modules) as forks:
        other, *_ = await run(forks, tmp_path, Program("sleeps", {}))
        for _ in range(3):
            given_up = asyncio.create_task(forks.start(Program("sleeps", {})))
            await asyncio.sleep(0)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up

        assert (await told(forks, tmp_path, Program("tells", {})))["arguments"] == []
        assert is_alive(other.pid)
        (serving,) = (pid for pid in children_of(os.getpid()) if other.pid in children_of(pid))
        await eventually(lambda: children_of(serving) == [other.pid])


async def test_server_that_is_killed_takes_its_programs_along_and_is_started_again(
    modules: Path, tmp_path: Path
) -> None:
    async with server(modules) as forks:
        before, *_ = await run(forks, tmp_path, Program("sleeps", {}))
        (serving,) = (pid for pid in children_of(os.getpid()) if before.pid in children_of(pid))
        os.kill(serving, signal.SIGKILL)
        async with asyncio.timeout(30):
            assert await before.wait() == -signal.SIGKILL
        await eventually(lambda: not is_alive(before.pid))

        after, *_ = await run(forks, tmp_path, Program("sleeps", {}))
        assert is_alive(after.pid)
    await eventually(lambda: not is_alive(after.pid))


async def test_programs_end_with_an_owner_that_is_killed(modules: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(modules)), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    async with asyncio.timeout(30):
        pid = int(await owner.stdout.readline())
    owner.kill()
    await owner.wait()
    await eventually(lambda: not is_alive(pid))


async def titled(process: ForkedProcess) -> bool:
    """Waits until the process has become its program."""
    line = Path(f"/proc/{process.pid}/cmdline")
    await eventually(lambda: b"sleeps" in line.read_bytes())
    return True
