"""Uploads that wait until the store's files are on disk."""

import asyncio
from pathlib import Path

from servers.s3 import S3Server

from flexura_kit.blob import blobs
from flexura_kit.seaweedfs import StoreSync


async def test_uploads_side_by_side_are_all_on_disk_before_they_count(shared_s3: S3Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 10_000)
    data = shared_s3.certificate_file.parent / "data"
    settings = shared_s3.settings.model_copy(update={"sync_dir": data})
    async with blobs(settings, threads=4) as store:
        keys = [f"jobs/sync/{number}.png" for number in range(12)]
        await asyncio.gather(*(store.upload_file(key, tmp_path / "file", "image/png") for key in keys))
        assert sorted(await store.keys("jobs/sync/", 100)) == sorted(keys)


async def test_a_file_that_goes_while_it_is_looked_at_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "filerldb2" / "00").mkdir(parents=True)
    (tmp_path / "filerldb2" / "00" / "gone.log").symlink_to(tmp_path / "nowhere")
    await StoreSync(tmp_path).wait()


async def test_a_folder_that_is_not_there_is_a_failure_for_each_who_waits(tmp_path: Path) -> None:
    sync = StoreSync(tmp_path / "missing")
    results = await asyncio.gather(sync.wait(), sync.wait(), return_exceptions=True)
    assert all(isinstance(result, FileNotFoundError) for result in results)
