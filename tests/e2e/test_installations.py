"""Starting, stopping and running beside each other, as people do it."""

import asyncio
import contextlib
import os
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from servers.client import client
from servers.installation import (
    PARTS,
    Installation,
    empty_log,
    installation,
    is_alive,
    start_installation,
    supervisor,
    tree_of,
)
from servers.waiting import eventually

from flexura_local.console import Console
from flexura_local.home import Home
from flexura_local.keeper import Keeper
from flexura_local.parts import Part, plan
from flexura_local.ports import free_ports
from flexura_local.settings import LocalSettings

ROOT = Path(__file__).parents[2]


async def _command(*arguments: str, **settings: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "flexura_local", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(os.environ) | settings,
    )
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_status_names_what_runs_from_this_installation_whatever_its_home(flexura: Installation) -> None:
    status, said = await _command("status")

    assert status == 0
    assert f"process {flexura.process.pid} runs Flexura on {flexura.home.folder}" in said


@pytest.mark.parametrize("removes", [False, True])
async def test_make_clean_keeps_the_virtual_environment_that_something_runs_from(
    flexura: Installation, tmp_path: Path, *, removes: bool
) -> None:
    # A virtual environment whose interpreter is ours, or one from which nothing runs.
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 3\n" if removes else f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o700)
    (tmp_path / ".venv" / "run.stamp").touch()

    process = await asyncio.create_subprocess_exec(
        *("make", "--file", str(ROOT / "Makefile"), "clean"), cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()

    assert (process.returncode == 0) is removes
    assert python.exists() is not removes
    assert (str(flexura.process.pid) in said.decode() and "make stop" in said.decode()) is not removes


async def test_git_does_not_see_a_home_wherever_it_lies(flexura: Installation) -> None:
    folder = flexura.home.folder.parent
    for arguments in (("init", "--quiet"), ("add", "--all")):
        await (await asyncio.create_subprocess_exec("git", *arguments, cwd=folder)).wait()
    listed = await asyncio.create_subprocess_exec("git", "ls-files", cwd=folder, stdout=asyncio.subprocess.PIPE)

    assert not [name for name in (await listed.communicate())[0].split() if name.startswith(b"home/")]


@pytest.mark.heavy
async def test_who_finds_it_ready_finds_the_first_key_too_and_every_link_by_its_public_name(tmp_path: Path) -> None:
    port, public = free_ports(1)[0], "https://flexura.example.com"
    own = {"FLEXURA_HOME": str(tmp_path / "home"), "FLEXURA_PORT": str(port), "FLEXURA_PUBLIC_URL": public}
    for _ in range(2):
        process = supervisor(own, empty_log(tmp_path))
        starting = asyncio.create_task(process.start())
        async with aiohttp.ClientSession(f"http://localhost:{port}") as session:
            async with asyncio.timeout(90):
                while not await answers_ready(session):
                    await asyncio.sleep(0.01)
            key = (tmp_path / "home" / "first-key").read_text().strip()
            async with session.get("/api/jobs", headers={"Authorization": f"Bearer {key}"}) as answer:
                assert answer.status == 200
            async with session.get("/api/agent/models") as answer:
                catalog = await answer.text()
        await starting
        assert f"{public}/api/generate/image" in catalog
        assert "localhost" not in catalog
        assert f"{public} (http://localhost:{port} on this machine) is ready" in process.log_text
        await process.stop()
        (tmp_path / "home" / "first-key").unlink()


async def answers_ready(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def test_second_start_on_the_same_home_says_so(flexura: Installation) -> None:
    status, said = await _command(FLEXURA_HOME=str(flexura.home.folder), FLEXURA_PORT=str(free_ports(1)[0]))
    assert status == 1
    assert f"process {flexura.process.pid} runs on {flexura.home.folder}" in said
    assert "FLEXURA_HOME=" in said


async def test_taken_port_is_named_with_a_way_out(flexura: Installation, tmp_path: Path) -> None:
    status, said = await _command(FLEXURA_HOME=str(tmp_path / "home"), FLEXURA_PORT=str(flexura.port))
    assert status == 1
    assert f"port {flexura.port} is taken on 127.0.0.1" in said
    assert f"by process {flexura.pids()['edge']} (python" in said
    assert f"FLEXURA_HOME={tmp_path / 'home'} FLEXURA_PORT={flexura.port + 1}" in said


async def test_setting_that_a_part_would_refuse_ends_the_start_before_any_part_is_started(tmp_path: Path) -> None:
    given = {"FLEXURA_HOME": str(tmp_path), "FLEXURA_PORT": str(free_ports(1)[0]), "FLEXURA_KEYLESS": "wikipedia,dggs"}
    status, said = await _command(**given)
    assert status == 1
    assert "Flexura did not start: FLEXURA_KEYLESS: no engine without a key is named dggs" in said
    assert "did you mean ddgs?" in said
    assert not (tmp_path / "log").exists()


async def test_unknown_setting_is_refused_with_the_nearest() -> None:
    status, said = await _command(FLEXURA_PROT="3001")
    assert status == 1
    assert "Flexura did not start: FLEXURA_PROT is no setting" in said
    assert "FLEXURA_PORT" in said


async def test_stop_where_nothing_runs_says_so(tmp_path: Path) -> None:
    assert await _command("stop", FLEXURA_HOME=str(tmp_path)) == (0, f"  nothing runs on {tmp_path}\n")


def test_first_key_is_kept_for_its_owner_alone(flexura: Installation) -> None:
    file = flexura.home.first_key_file
    assert file.read_text().strip() == flexura.key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(flexura.home.folder.stat().st_mode) == 0o700


def test_public_port_is_open_on_this_machine_only(flexura: Installation) -> None:
    addresses = {address for _, _, _, _, address in socket.getaddrinfo(socket.gethostname(), flexura.port)}
    outside = [address for address in addresses if not str(address[0]).startswith(("127.", "::1"))]
    for address in outside:
        with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in str(address[0]) else socket.AF_INET)) as probe:
            probe.settimeout(2)
            assert probe.connect_ex(address) != 0
    with socket.create_connection(("127.0.0.1", flexura.port), timeout=2):
        pass


@pytest.mark.heavy
async def test_second_installation_lives_beside_the_first_and_keeps_its_data_over_a_restart(
    flexura: Installation, tmp_path: Path
) -> None:
    async with installation(tmp_path) as second:
        assert second.key != flexura.key
        async with client(second.url, second.key) as api, client(flexura.url, flexura.key) as first_api:
            job_id, other_id = await api.submit("image", "second"), await first_api.submit("image", "first")
            job = await api.finished(job_id)
            assert (await first_api.finished(other_id))["status"] == "completed"
        status, said = await _command("stop", FLEXURA_HOME=str(second.home.folder))
        assert (status, "stopped what ran on" in said) == (0, True)
        assert second.home.holder() is None
    async with installation(tmp_path) as again, client(again.url, again.key) as api:
        assert again.key == second.key
        kept = await api.job(job_id)
        assert kept | {"asset_url": ""} == job | {"asset_url": "", "asset": kept["asset"]}
        data, _ = await api.asset(kept)
        assert data.startswith(b"\x89PNG")


@pytest.mark.heavy
async def test_killed_supervisor_leaves_no_child_and_the_next_start_finds_all(tmp_path: Path) -> None:
    first = await start_installation(tmp_path)
    async with client(first.url, first.key) as api:
        waiting = await api.submit("image", "outlives the supervisor", take_s=2, width=64, height=64)
    processes = tree_of(first.process.pid)
    assert len(processes) > len(PARTS)
    os.kill(first.process.pid, signal.SIGKILL)
    await eventually(lambda: not any(map(is_alive, processes[1:])))
    await first.process.kill()
    async with installation(tmp_path) as again, client(again.url, again.key) as api:
        assert (await api.finished(waiting, within_s=60))["status"] == "completed"


@pytest.mark.heavy
async def test_all_stops_within_ten_seconds_with_work_under_way(tmp_path: Path) -> None:
    started = await start_installation(tmp_path)
    async with client(started.url, started.key) as api:
        job_id = await api.submit("image", "under way", take_s=60)
        await api.processing(job_id)
    processes = tree_of(started.process.pid)
    async with asyncio.timeout(12):
        await started.process.stop()
    assert not any(map(is_alive, processes))
    assert "was killed" not in started.printed
    for part in PARTS:
        assert f"{part:<14}stopped in" in started.printed


async def test_job_waits_for_a_worker_where_there_is_none_at_all(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.held():
        settings = LocalSettings(home=home.folder, port=free_ports(1)[0])
        parts = [part for stage in plan(settings, home, ["127.0.0.1"]).stages for part in stage]
        worker = next(part for part in parts if part.name == "media-worker")
        async with _kept(home, [part for part in parts if part is not worker]):
            key = await _first_key(home)
            async with client(f"http://localhost:{settings.port}", key) as api:
                job_id = await api.submit("image", "nobody there yet", width=64, height=64)
                await asyncio.sleep(5)
                assert (await api.job(job_id))["status"] == "queued"
                async with _kept(home, [worker]):
                    assert (await api.finished(job_id))["status"] == "completed"


@contextlib.asynccontextmanager
async def _kept(home: Home, parts: list[Part]) -> AsyncIterator[None]:
    keepers = [Keeper(part, home, Console()) for part in parts]
    async with asyncio.TaskGroup() as group:
        for keeper in keepers:
            group.create_task(keeper.run())
            async with asyncio.timeout(30):
                await keeper.ready.wait()
        yield
        for keeper in reversed(keepers):
            await keeper.stop()


async def _first_key(home: Home) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "flexura_local.first_account"),
        *(f"unix:{home.sockets / 'auth.sock'}", str(home.first_key_file), "30"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return output.decode()
