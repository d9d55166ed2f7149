"""A power cut: what was accepted is there afterwards, and a job that was seen completed has its asset."""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from faults.power import LoopDisk, loop_disk, why_missing
from servers.client import Client, client
from servers.installation import start_installation
from servers.waiting import eventually

CUTS = 3
DISK_BYTES = 3 << 30
SUBMITTERS = 4
COMPLETED_MIN = 80
CUT_AFTER_S = 60  # At the latest: a slow machine has completed enough by then, or the test says so.
HEAL_S = 60


class Seen:
    """What clients were told before the power went: it must hold afterwards."""

    def __init__(self) -> None:
        self.accepted: set[str] = set()
        self.completed: dict[str, str] = {}

    async def submit(self, api: Client) -> None:
        while True:
            job_id = await api.submit("image", f"job {len(self.accepted)}", width=64, height=64, take_s=0)
            self.accepted.add(job_id)
            job = await api.finished(job_id)
            assert job["status"] == "completed", job
            self.completed[job_id] = job["asset"]["sha256"]


@pytest.mark.heavy
@pytest.mark.timeout(600)
async def test_a_completed_job_has_its_asset_after_a_power_cut(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if missing := await asyncio.to_thread(why_missing):
        # Loop devices are the kernel's to give; no package brings them.
        pytest.skip(f"no power can be cut on this machine: {missing}")
    seen, lines = Seen(), []
    with loop_disk(tmp_path / "image", tmp_path / "home", DISK_BYTES) as disk:
        for number in range(CUTS + 1):
            flexura = await start_installation(tmp_path)
            try:
                async with client(flexura.url, flexura.key) as api:
                    lost = await lost_assets(api, seen)
                    lines.append(
                        f"after {number} cuts: {len(seen.completed)} completed jobs, {len(lost)} without asset"
                    )
                    assert lost == [], lines
                    await api.all_finished(sorted(seen.accepted - seen.completed.keys()), HEAL_S)
                    if number < CUTS:
                        await work_until_cut(api, seen, disk)
            finally:
                await flexura.process.kill()
                await eventually(lambda: unmounted(disk), within_s=HEAL_S)
            disk.mount()
    record_property("fault_run", "\n".join(lines))


async def lost_assets(api: Client, seen: Seen) -> list[str]:
    lost = []
    for job_id, sha256 in seen.completed.items():
        job = await api.job(job_id)
        assert job["status"] == "completed", job
        try:
            content, _ = await api.asset(job)
        except AssertionError as error:
            lost.append(f"{job_id}: {error}")
            continue
        if hashlib.sha256(content).hexdigest() != sha256:
            lost.append(f"{job_id}: other bytes")
    return lost


async def work_until_cut(api: Client, seen: Seen, disk: LoopDisk) -> None:
    before = len(seen.completed)
    submitters = [asyncio.create_task(seen.submit(api)) for _ in range(SUBMITTERS)]
    try:
        await eventually(lambda: len(seen.completed) >= before + COMPLETED_MIN, within_s=CUT_AFTER_S)
        # No client is told anything between the cut and the look at what it was told.
        disk.cut()
    finally:
        for task in submitters:
            task.cancel()
        with contextlib.suppress(AssertionError, aiohttp.ClientError, asyncio.CancelledError):
            await asyncio.gather(*submitters)


def unmounted(disk: LoopDisk) -> bool:
    with contextlib.suppress(OSError):
        disk.unmount()
    return not disk.folder.is_mount()
