"""A wall clock that is hours away from the store's keeps nobody from storing and serving assets."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from servers import store_user
from servers.faketime import library, on_clock, set_clock
from servers.s3 import S3Server

OFF_S = 7200
ENDS_WITHIN_S = 60


@pytest.mark.heavy
@pytest.mark.parametrize("off_s", [OFF_S, -OFF_S])
async def test_a_clock_off_by_hours_stores_and_serves(shared_s3: S3Server, tmp_path: Path, off_s: int) -> None:
    (tmp_path / "file").write_bytes(b"an asset")
    set_clock(tmp_path / "clock", off_s)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, store_user.__file__, shared_s3.settings.model_dump_json(), str(tmp_path / "file")),
        env=os.environ | on_clock(library(), tmp_path / "clock"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(ENDS_WITHIN_S):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert "signing_time_corrected" in output.decode()
