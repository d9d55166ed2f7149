"""What a real store answers for an object whose volume it has lost, and what the audit makes of it."""

import os
from pathlib import Path

import pytest
from servers.s3 import S3Server

from flexura_kit.blob import blobs

SIZE = 100_000
KEY = "jobs/lost/1.png"


# What was measured for each: (HEAD finds it, its bytes are given). `.idx` is made anew from `.dat`.
@pytest.mark.parametrize(
    ("suffixes", "is_emptied", "is_given"),
    [
        ((".dat",), False, False),
        ((".dat", ".idx", ".vif"), False, False),
        ((".dat",), True, False),
        ((".idx",), False, True),
    ],
)
@pytest.mark.heavy
async def test_an_object_whose_volume_is_lost_is_found_by_name_and_not_given(
    own_s3: S3Server, tmp_path: Path, suffixes: tuple[str, ...], is_emptied: bool, is_given: bool
) -> None:
    path = tmp_path / "object"
    path.write_bytes(os.urandom(SIZE))
    async with blobs(own_s3.settings, retries=0) as store:
        await store.upload_file(KEY, path, "image/png")
        await own_s3.process.kill()
        for file in [file for suffix in suffixes for file in (tmp_path / "s3/data").glob(f"flexura-assets_*{suffix}")]:
            if is_emptied:
                os.truncate(file, 0)
            else:
                file.unlink()
        await own_s3.process.start()

        found = await store.stat(KEY)
        assert found is not None
        assert found.size_bytes == SIZE
        assert await store.gives(KEY, SIZE) is is_given
        await store.keep_canary()
