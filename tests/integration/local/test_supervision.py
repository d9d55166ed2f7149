"""Keeping parts running: order, restarts, reasons, stopping, and that nothing outlives the supervisor."""

import asyncio
import io
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from servers.waiting import eventually

from flexura_local.child import LAUNCHER, LOG_BYTES_MAX, Child, older, rotate_in_use
from flexura_local.console import Console
from flexura_local.home import Home
from flexura_local.keeper import WATCH_POLL_S, Keeper
from flexura_local.parts import Part
from flexura_local.ports import free_ports
from flexura_local.readiness import NO_ROOM, FullDisk, RefusesCanary, RefusesOthers, Restarts, says_ready

SLEEPS = "import time; time.sleep(60)"
IGNORES = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('set', flush=True); time.sleep(60)"


async def _at_once(_: Child) -> str | None:
    return None


async def _never(_: Child) -> str | None:
    return "not today"


async def _when_set(child: Child) -> str | None:
    return None if "set" in child.log_since_start() else "not set"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    folder = tmp_path / "home"
    folder.mkdir()
    home = Home(folder)
    home.sockets.mkdir()
    return home


def _keeper(
    home: Home, code: str, ready: Callable[[Child], Awaitable[str | None]] = _at_once, grace_s: float = 2
) -> tuple[Keeper, io.StringIO]:
    seen = io.StringIO()
    part = Part("part", "here", [sys.executable, "-c", code], ready, stop_grace_s=grace_s)
    return Keeper(part, home, Console(seen)), seen


async def test_killed_part_is_started_again_and_the_signal_is_named(home: Home) -> None:
    keeper, seen = _keeper(home, SLEEPS)
    running = asyncio.create_task(keeper.run())
    await asyncio.wait_for(keeper.ready.wait(), 5)
    assert keeper.pid is not None
    os.kill(keeper.pid, signal.SIGKILL)
    await eventually(lambda: seen.getvalue().count("●") == 2)
    assert "was killed by SIGKILL; starting it again in 0.5 s" in seen.getvalue()
    await keeper.stop()
    await asyncio.wait_for(running, 5)


async def test_death_is_told_with_the_last_lines_of_trouble(home: Home) -> None:
    keeper, seen = _keeper(home, "raise ValueError('FLEXURA_COLOUR is no setting of this service')")
    running = asyncio.create_task(keeper.run())
    await eventually(lambda: "✗" in seen.getvalue())
    assert "ended with status 1" in seen.getvalue()
    assert "FLEXURA_COLOUR is no setting of this service" in seen.getvalue()
    await keeper.stop()
    await asyncio.wait_for(running, 5)


async def test_part_that_dies_again_and_again_is_said_to_be_hopeless(home: Home) -> None:
    keeper, seen = _keeper(home, "raise SystemExit(3)")
    running = asyncio.create_task(keeper.run())
    await asyncio.wait_for(keeper.hopeless.wait(), 15)
    assert "could not start 3 times in a row" in seen.getvalue()
    assert "in 0.5 s" in seen.getvalue()
    assert "in 1 s" in seen.getvalue()
    await keeper.stop()
    await asyncio.wait_for(running, 5)


async def test_part_that_was_ready_for_long_is_started_again_soon_however_often_it_was_killed(home: Home) -> None:
    seen = io.StringIO()
    part = Part("part", "here", [sys.executable, "-c", SLEEPS], _at_once, steady_s=0.1)
    keeper = Keeper(part, home, Console(seen))
    running = asyncio.create_task(keeper.run())
    for times in (1, 2, 3):
        await eventually(lambda times=times: seen.getvalue().count("●") == times)  # type: ignore[misc]
        await asyncio.sleep(2 * part.steady_s)
        assert keeper.pid is not None
        os.kill(keeper.pid, signal.SIGKILL)
        await eventually(lambda times=times: seen.getvalue().count("again in 0.5 s") == times)  # type: ignore[misc]
    assert not keeper.hopeless.is_set()
    await keeper.stop()
    await asyncio.wait_for(running, 5)


@pytest.mark.parametrize("lost", ["log_is_a_folder", "folder_is_a_file", "folder_is_gone"])
async def test_part_starts_whatever_became_of_its_log(home: Home, lost: str) -> None:
    keeper, seen = _keeper(home, SLEEPS)
    folder = home.folder / "log"
    folder.rmdir()
    if lost == "log_is_a_folder":
        (folder / "part.log").mkdir(parents=True)
    elif lost == "folder_is_a_file":
        folder.touch()
    running = asyncio.create_task(keeper.run())
    for times in (1, 2):
        await eventually(lambda times=times: seen.getvalue().count("●") == times, within_s=30)  # type: ignore[misc]
        assert keeper.pid is not None
        os.kill(keeper.pid, signal.SIGKILL)
    await eventually(lambda: seen.getvalue().count("●") == 3, within_s=30)
    assert seen.getvalue().count("part runs without a log: ") == (0 if lost == "folder_is_gone" else 1)
    assert (folder / "part.log").is_file() == (lost == "folder_is_gone")
    await keeper.stop()
    await asyncio.wait_for(running, 5)


async def test_part_whose_socket_is_deleted_is_started_again(home: Home) -> None:
    code = (
        "import socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen();"
        " print('set', flush=True); time.sleep(60)"
    )
    seen, socket = io.StringIO(), home.sockets / "part.sock"
    part = Part("part", "here", [sys.executable, "-c", code, str(socket)], _when_set, socket=socket, deaf_s_max=0.2)
    keeper = Keeper(part, home, Console(seen))
    running = asyncio.create_task(keeper.run())
    await asyncio.wait_for(keeper.ready.wait(), 30)
    shutil.rmtree(home.sockets)
    await eventually(lambda: seen.getvalue().count("●") == 2, within_s=30)
    assert f"lives, and its socket {socket} is gone; killing it" in seen.getvalue()
    assert socket.exists()
    await keeper.stop()
    await asyncio.wait_for(running, 5)


async def test_files_that_a_start_made_are_made_again_before_a_part_is_started(home: Home) -> None:
    file = home.folder / "s3" / "tls.pem"
    file.parent.mkdir()
    file.write_text("certificate and key")
    keeper, seen = _keeper(home, SLEEPS)
    running = asyncio.create_task(keeper.run())
    await asyncio.wait_for(keeper.ready.wait(), 30)
    shutil.rmtree(file.parent)
    assert keeper.pid is not None
    os.kill(keeper.pid, signal.SIGKILL)
    await eventually(lambda: seen.getvalue().count("●") == 2, within_s=30)
    assert file.read_text() == "certificate and key"
    assert file.stat().st_mode & 0o077 == 0
    assert f"{file} was gone, and was made again" in seen.getvalue()
    await keeper.stop()
    await asyncio.wait_for(running, 5)


async def test_part_that_ignores_the_request_to_stop_is_killed(home: Home) -> None:
    keeper, seen = _keeper(home, IGNORES, _when_set, grace_s=0.3)
    running = asyncio.create_task(keeper.run())
    await asyncio.wait_for(keeper.ready.wait(), 5)
    await asyncio.wait_for(keeper.stop(), 5)
    await asyncio.wait_for(running, 5)
    assert "did not stop and was killed" in seen.getvalue()


async def test_part_that_lives_and_listens_no_more_is_started_again(home: Home) -> None:
    code = (
        "import signal, socket, time\n"
        "door = socket.create_server(('127.0.0.1', int(__import__('sys').argv[1])))\n"
        "signal.signal(signal.SIGTERM, lambda *_: door.close())\n"
        "print('set', flush=True)\n"
        "time.sleep(60)"
    )
    (port,) = free_ports(1)
    seen = io.StringIO()
    part = Part("part", "here", [sys.executable, "-c", code, str(port)], _when_set, port=port, deaf_s_max=0.2)
    keeper = Keeper(part, home, Console(seen))
    running = asyncio.create_task(keeper.run())
    await asyncio.wait_for(keeper.ready.wait(), 10)
    assert keeper.pid is not None
    os.kill(keeper.pid, signal.SIGTERM)
    await eventually(lambda: seen.getvalue().count("●") == 2)
    assert f"nobody listens on port {port} any more; killing it" in seen.getvalue()
    await keeper.stop()
    await asyncio.wait_for(running, 5)


async def test_store_that_met_a_full_disk_is_started_again_once_there_is_room(home: Home, tmp_path: Path) -> None:
    met = tmp_path / "met"
    code = (
        "import pathlib, sys, time\n"
        "met = pathlib.Path(sys.argv[1])\n"
        "if not met.exists():\n"
        "    met.touch()\n"
        f"    print('write 000006.log: {NO_ROOM}', flush=True)\n"
        "time.sleep(60)"
    )
    seen = io.StringIO()
    disk = FullDisk(tmp_path)
    part = Part("s3", "here", [sys.executable, "-c", code, str(met)], _at_once, why_useless=(disk.why_useless,))
    keeper = Keeper(part, home, Console(seen))
    running = asyncio.create_task(keeper.run())
    await eventually(lambda: seen.getvalue().count("●") == 2)
    assert "has met a full disk" in seen.getvalue()
    await asyncio.sleep(3 * WATCH_POLL_S)
    assert seen.getvalue().count("✗") == 1
    await keeper.stop()
    await asyncio.wait_for(running, 5)


async def test_broker_is_started_again_where_jobs_says_that_its_hints_are_refused(home: Home, tmp_path: Path) -> None:
    code = (
        "import sys, time; from flexura_kit.notify import notifier; told = notifier(); told.ready()\n"
        "while True: told.impaired(['workers', 'hints']); time.sleep(0.1)"
    )
    seen = io.StringIO()
    refusing = RefusesOthers(Restarts(tmp_path), "hints")
    sleeps = [sys.executable, "-c", SLEEPS]
    part = Part("nats", "here", sleeps, _at_once, user="jobs", why_useless_to_user=refusing.why_useless)
    console = Console(seen)
    broker = Keeper(part, home, console)
    broker.user = Keeper(Part("jobs", "here", [sys.executable, "-c", code], says_ready), home, console)
    running = [asyncio.create_task(keeper.run()) for keeper in (broker, broker.user)]
    await eventually(lambda: seen.getvalue().count("● nats") == 2, within_s=60)
    assert "takes nothing any more: jobs says that its hints are refused; killing it" in seen.getvalue()
    # It is no help here; the next restart waits longer, so that a broker is not ended again and again.
    await asyncio.sleep(3 * WATCH_POLL_S)
    assert seen.getvalue().count("✗ nats") == 1
    for keeper in (broker, broker.user):
        await keeper.stop()
    await asyncio.wait_for(asyncio.gather(*running), 5)


def test_restarts_are_further_apart_where_they_are_no_help(tmp_path: Path) -> None:
    restarts = Restarts(tmp_path)
    assert restarts.may_begin()
    assert not restarts.may_begin()


@pytest.mark.parametrize("answers", [["refused"] * 3, ["refused", None, "refused", "refused"], [None] * 4])
async def test_store_is_useless_once_it_has_refused_three_canaries_in_a_row(
    tmp_path: Path, answers: list[str | None]
) -> None:
    left = iter(answers)

    async def why_refused() -> str | None:
        return next(left)

    refusing = RefusesCanary(Restarts(tmp_path), why_refused, interval_s=0, again_s=0)
    child = await Child.start([sys.executable, "-c", SLEEPS], {}, tmp_path / "log", tmp_path / "ready")
    try:
        said = [await refusing.why_useless(child) for _ in answers]
    finally:
        child.kill()
        await child.wait()
    assert [why is not None for why in said] == [False] * (len(answers) - 1) + [answers == ["refused"] * 3]


async def test_stopping_wins_over_a_part_that_is_not_ready_yet(home: Home) -> None:
    keeper, _ = _keeper(home, SLEEPS, _never)
    running = asyncio.create_task(keeper.run())
    await eventually(lambda: keeper.pid is not None)
    await asyncio.wait_for(keeper.stop(), 5)
    await asyncio.wait_for(running, 5)
    assert not keeper.ready.is_set()


async def test_what_a_part_started_ends_with_it(home: Home, tmp_path: Path) -> None:
    grandchild = tmp_path / "grandchild"
    code = (
        "import pathlib, subprocess, sys, time\n"
        f"other = subprocess.Popen([sys.executable, '-c', {SLEEPS!r}])\n"
        f"pathlib.Path({str(grandchild)!r}).write_text(str(other.pid))\n"
        "time.sleep(60)"
    )
    keeper, _ = _keeper(home, code)
    running = asyncio.create_task(keeper.run())
    await eventually(lambda: grandchild.exists() and grandchild.read_text() != "")
    await keeper.stop()
    await asyncio.wait_for(running, 5)
    await eventually(lambda: not _lives(int(grandchild.read_text())))


async def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    child_file = tmp_path / "child"
    code = (
        "import pathlib, subprocess, sys, time\n"
        "from flexura_local.child import launched\n"
        f"child = subprocess.Popen(launched(sys.executable, '-c', {SLEEPS!r}), start_new_session=True)\n"
        f"pathlib.Path({str(child_file)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    await eventually(lambda: child_file.exists() and child_file.read_text() != "")
    child = int(child_file.read_text())
    await eventually(lambda: SLEEPS in _command(child))
    parent.kill()
    await parent.wait()
    await eventually(lambda: not _lives(child))


async def test_launcher_refuses_to_run_for_a_parent_that_is_gone() -> None:
    command = [sys.executable, str(LAUNCHER), "1", sys.executable, "-c", "print('ran')"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 1
    assert output == b""
    assert b"gone already" in errors


def test_log_in_use_is_cut_off_and_one_older_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    with log.open("ab") as stream:
        stream.write(b"x" * (LOG_BYTES_MAX + 1))
        stream.flush()
        rotate_in_use(log)
        stream.write(b"after")
    assert log.read_bytes() == b"after"
    assert older(log).stat().st_size == LOG_BYTES_MAX + 1


def _lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
