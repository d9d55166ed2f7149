"""`make run` on a full disk says which one and what to do in one sentence, and ends."""

import asyncio
from pathlib import Path

import pytest
from faults.disk import why_missing
from servers.installation import empty_log, installation, supervisor

from flexura_local.ports import free_ports

PROGRAM = (str(Path(__file__).with_name("small_home.py")),)
DISK_BYTES = str(16 << 20)
NO_SPACE = "No space left on device"


@pytest.fixture
async def _small_disks() -> None:
    if missing := await asyncio.to_thread(why_missing):
        pytest.fail(f"no small disk can be had on this machine: {missing}")


async def refusal(tmp_path: Path, folder: str, **disk: str) -> str:
    """What it prints as it ends, which it does by itself."""
    settings = {"FLEXURA_HOME": str(tmp_path / "home"), "FLEXURA_PORT": str(free_ports(1)[0])}
    settings |= {"FAULTS_DISK_FOLDER": folder, "FAULTS_DISK_BYTES": DISK_BYTES, **disk}
    process = supervisor(settings, empty_log(tmp_path), PROGRAM)
    with pytest.raises(RuntimeError, match="ended at start"):
        await process.start()
    return " ".join(process.log_text.split())


@pytest.mark.heavy
@pytest.mark.usefixtures("_small_disks")
@pytest.mark.parametrize("folder", [".", "db", "nats", "s3", "spool", "secrets"])
async def test_start_on_a_full_disk_names_it_in_a_sentence_and_ends(tmp_path: Path, folder: str) -> None:
    said = await refusal(tmp_path, folder, FAULTS_DISK_IS_FULL="yes")

    home = (tmp_path / "home" / folder).resolve()
    assert said == (
        f"Flexura did not start: the disk of {home} is full ({NO_SPACE}; free: 0.0 MB), and a start needs 4 MB."
        " Make room there, then start it again."
    )


@pytest.mark.heavy
@pytest.mark.usefixtures("_small_disks")
@pytest.mark.parametrize("folder", [".", "db", "nats", "s3", "spool"])
async def test_start_on_a_disk_that_takes_no_further_file_says_so(tmp_path: Path, folder: str) -> None:
    said = await refusal(tmp_path, folder, FAULTS_DISK_FILES="1")

    assert f"the disk of {(tmp_path / 'home' / folder).resolve()} is full" in said
    assert "Make room there, then start it again." in said
    assert "free: no further file" in said
    assert "✗" not in said


@pytest.mark.heavy
@pytest.mark.usefixtures("_small_disks")
async def test_start_with_a_full_disk_of_the_logs_is_warned_of_and_goes_on(tmp_path: Path) -> None:
    settings = {"FAULTS_DISK_FOLDER": "log", "FAULTS_DISK_BYTES": DISK_BYTES, "FAULTS_DISK_IS_FULL": "yes"}
    async with installation(tmp_path, PROGRAM, **settings) as flexura:
        assert "lines of logs are dropped until there is room" in flexura.printed
