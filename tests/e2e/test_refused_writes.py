"""A broker that takes nothing any more is found and started again, and all that was accepted completes."""

import asyncio
import shutil
from pathlib import Path

import pytest
from servers.client import client
from servers.installation import installation

HEALS_WITHIN_S = 120


@pytest.mark.heavy
async def test_jobs_complete_by_themselves_where_the_store_of_the_broker_is_deleted(tmp_path: Path) -> None:
    async with installation(tmp_path) as flexura, client(flexura.url, flexura.key) as api:
        first = await api.submit("image", "before", payload_bytes=1024)
        await api.finished(first, HEALS_WITHIN_S)
        before = flexura.times_ready("nats")
        shutil.rmtree(flexura.home.folder / "nats" / "jetstream")
        accepted: list[str] = []
        for number in range(HEALS_WITHIN_S):
            if flexura.times_ready("nats") > before:
                break
            accepted.append(await api.submit("image", f"one a second {number}", payload_bytes=1024))
            await asyncio.sleep(1)
        assert "takes nothing any more: jobs says that its hints are refused" in flexura.printed
        jobs = await api.all_finished(accepted, HEALS_WITHIN_S)
        assert {job["status"] for job in jobs} == {"completed"}
        assert flexura.times_ready("nats") == before + 1
