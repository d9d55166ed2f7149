"""The disk of the whole home is full: accepted jobs wait, and all goes on by itself when there is room again."""

import asyncio
import contextlib
from pathlib import Path

import aiohttp
import pytest
from faults.disk import SmallDisk, why_missing
from servers.client import Client, client
from servers.installation import Installation, installation
from servers.waiting import eventually

DISK_BYTES = 256 << 20
HEAL_S = 60
FULL_S = 10  # Long enough for each part to meet it.
PROGRAM = (str(Path(__file__).with_name("small_home.py")),)


@pytest.mark.heavy
@pytest.mark.timeout(400)
async def test_all_heals_after_the_disk_of_the_home_was_full(tmp_path: Path) -> None:
    if missing := await asyncio.to_thread(why_missing):
        pytest.fail(f"no small disk can be had on this machine: {missing}")
    async with (
        installation(tmp_path, PROGRAM, FAULTS_HOME_DISK_BYTES=str(DISK_BYTES)) as flexura,
        client(flexura.url, await asyncio.to_thread(key_of, flexura)) as api,
    ):
        disk = SmallDisk(flexura.process.pid, flexura.home.folder)
        accepted = [await api.submit("image", "before", width=64, height=64)]
        starts = times_ready(flexura)
        disk.fill()
        filled = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < filled + FULL_S:
            with contextlib.suppress(aiohttp.ClientError, AssertionError):
                accepted.append(await api.submit("image", "meanwhile", width=64, height=64))
            await asyncio.sleep(0.2)
        disk.empty()
        await eventually(lambda: times_ready(flexura)["nats"] > starts["nats"], within_s=HEAL_S)
        accepted.append(await api.submit_until_accepted("image", "after", HEAL_S, width=64, height=64))
        await all_well(api, accepted)


def key_of(flexura: Installation) -> str:
    """The key in a home that only the installation's own processes see."""
    return Path(f"/proc/{flexura.process.pid}/root{flexura.home.first_key_file}").read_text().strip()


def times_ready(flexura: Installation) -> dict[str, int]:
    return {part: flexura.times_ready(part) for part in ("nats", "s3")}


async def all_well(api: Client, accepted: list[str]) -> None:
    for job in await api.all_finished(accepted, HEAL_S):
        assert job["status"] == "completed", job
        await api.asset(job)
