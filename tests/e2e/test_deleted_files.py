"""What somebody deletes while it runs is made again, and every part that dies is started again."""

import shutil
from pathlib import Path

import pytest
from servers.client import client
from servers.installation import PARTS, installation
from servers.waiting import eventually

HEALS_WITHIN_S = 120


@pytest.mark.heavy
async def test_all_parts_start_again_without_what_was_deleted(tmp_path: Path) -> None:
    async with installation(tmp_path) as flexura, client(flexura.url, flexura.key) as api:
        home = flexura.home.folder
        before = {part: flexura.times_ready(part) for part in ("auth", "search", "jobs")}
        for socket in (home / "run").glob("*.sock"):
            socket.unlink()
        await eventually(
            lambda: all(flexura.times_ready(part) > times for part, times in before.items()), within_s=HEALS_WITHIN_S
        )
        for folder in ("log", "secrets", "s3/configuration"):
            shutil.rmtree(home / folder)
        for file in ("ports.json", "nats/nats-server.conf", "s3/tls.pem", "s3/s3.json"):
            (home / file).unlink()
        for part in PARTS:
            await flexura.kill_and_see_it_back(part)
            assert (home / "log" / f"{part}.log").is_file()
        job_id = await api.submit_until_accepted("image", "after all that", HEALS_WITHIN_S, payload_bytes=1024)
        job = await api.finished(job_id, HEALS_WITHIN_S)
        assert job["status"] == "completed", job
        await api.asset(job)
        assert (home / "ports.json").is_file()
