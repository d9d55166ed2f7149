"""One disk of an installation is full: accepted jobs wait, others are refused clearly, and all goes on by itself."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import fullness
from faults.disk import SmallDisk, beside, why_missing
from faults.fullness import Disk
from faults.submits import submitting
from servers.client import client
from servers.installation import Installation, installation
from servers.postgres import postgres_server
from servers.waiting import eventually

HERE = Path(__file__).parent
ON_SMALL_DISK, ON_POSTGRES = (str(HERE / "small_home.py"),), (str(HERE / "site.py"),)
POSTGRES_MB = 192
ACCEPTED_MIN = 5

DISKS = [
    Disk("home", ".", 256, "database", takes_jobs=False, restarted=frozenset({"nats", "s3"})),
    Disk("database", "db", 48, "database", takes_jobs=False),
    Disk("broker", "nats", 64, "hints", restarted=frozenset({"nats"})),
    Disk("store", "s3", 256, "workers", restarted=frozenset({"s3"})),
    Disk("spool", "spool", 32, "workers"),
    Disk("log", "log", 16, drops_lines=True),
    Disk("broker with files", "nats", 64, files_max=4000, restarted=frozenset({"nats"})),
    Disk("spool with files", "spool", 32, "workers", files_max=4000),
]

Told = Callable[[str, object], None]


@pytest.fixture
async def _small_disks() -> None:
    if missing := await asyncio.to_thread(why_missing):
        pytest.fail(f"no small disk can be had on this machine: {missing}")


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("_small_disks")
@pytest.mark.parametrize("disk", DISKS, ids=lambda disk: disk.name)
async def test_all_goes_on_by_itself_after_a_disk_was_full(tmp_path: Path, record_property: Told, disk: Disk) -> None:
    settings = {"FAULTS_DISK_FOLDER": disk.folder, "FAULTS_DISK_BYTES": str(disk.size_mb << 20)}
    settings |= {"FAULTS_DISK_FILES": str(disk.files_max)}
    async with installation(tmp_path, ON_SMALL_DISK, **settings) as flexura:
        small = SmallDisk(flexura.process.pid, flexura.home.folder / disk.folder)
        record_property("fault_run", await lived_through(flexura, disk, small))


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("_small_disks")
async def test_all_goes_on_by_itself_after_the_disk_of_postgresql_was_full(
    tmp_path: Path, record_property: Told
) -> None:
    runner = (sys.executable, str(HERE / "small_postgres.py"), str(POSTGRES_MB << 20))
    async with postgres_server(runner=runner) as server, server.database() as database:
        settings = {
            "FAULTS_JOBS_DATABASE_URL": database.url,
            "FAULTS_JOBS_DATABASE_PASSWORD_FILE": str(database.password_file),
        }
        async with installation(tmp_path, ON_POSTGRES, **settings) as flexura:
            small = SmallDisk(server.process.pid, beside(server.data))
            disk = Disk("PostgreSQL", "", POSTGRES_MB, "database", takes_jobs=False)
            record_property("fault_run", await lived_through(flexura, disk, small))


async def lived_through(flexura: Installation, disk: Disk, small: SmallDisk) -> str:
    """Fills the disk under submits and makes room again; answers what clients were told."""
    key = await asyncio.to_thread(fullness.key_of, flexura)
    async with client(flexura.url, key) as api:
        async with submitting(flexura.url, key) as submits:
            await eventually(lambda: len(submits.accepted) >= ACCEPTED_MIN, fullness.HEAL_S)
            parts, ready = flexura.pids(), fullness.times_ready(flexura)
            await asyncio.to_thread(small.fill_with_files if disk.files_max else small.fill)
            await fullness.flood_logs(api)
            await fullness.seen_full(flexura, disk, submits)
            small.empty()
            healed_s = await fullness.seen_well(flexura, disk, submits, ready)
        await fullness.all_well(api, submits)
    dropped = await asyncio.to_thread(fullness.lines_dropped, flexura)
    assert dropped or not disk.drops_lines
    assert {part for part, pid in flexura.pids().items() if pid != parts.get(part)} <= disk.restarted
    assert fullness.deaths(flexura, disk) == []
    told = f"{submits.told()}, {dropped} lines of logs dropped; well after {healed_s:.1f} s"
    return f"disk of the {disk.name} full: {told}"
