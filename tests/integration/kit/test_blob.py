"""The object store's adapter against a real S3 server."""

import asyncio
import hashlib
import secrets
import threading
import urllib.request
from pathlib import Path

import pytest
from servers.s3 import S3Server

from flexura_kit.blob import blobs, tls_context
from flexura_kit.errors import FlexuraError, Kind
from flexura_kit.settings import BlobSettings


@pytest.mark.parametrize("size_bytes", [1, 1024, 40 << 20])
async def test_an_object_is_kept_found_linked_and_removed(shared_s3: S3Server, tmp_path: Path, size_bytes: int) -> None:
    content = secrets.token_bytes(size_bytes)
    (tmp_path / "file").write_bytes(content)
    async with blobs(shared_s3.settings, threads=2) as store:
        await store.ensure_bucket()
        key = f"jobs/x/{size_bytes}.png"
        await store.upload_file(key, tmp_path / "file", "image/png")
        found = await store.stat(key)
        assert found is not None
        assert (found.size_bytes, found.content_type) == (size_bytes, "image/png")
        link = store.presigned_get(key, 60)
        tls = tls_context(shared_s3.settings)
        fetched = await asyncio.to_thread(
            lambda: urllib.request.urlopen(link, timeout=10, context=tls).read()  # noqa: S310
        )
        assert hashlib.sha256(fetched).digest() == hashlib.sha256(content).digest()
        await store.remove(key)
        await store.remove(key)
        assert await store.stat(key) is None


async def test_a_store_that_is_gone_is_busy_within_ten_seconds(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    async with blobs(BlobSettings(endpoint="127.0.0.1:1"), threads=1) as store, asyncio.timeout(10):
        with pytest.raises(FlexuraError) as caught:
            await store.upload_file("k", tmp_path / "file", "image/png")
    assert caught.value.kind is Kind.BUSY


async def test_wrong_keys_are_busy_and_show_no_word_of_the_store(shared_s3: S3Server, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("nonsense")
    wrong = shared_s3.settings.model_copy(update={"secret_key_file": tmp_path / "wrong"})
    async with blobs(wrong, threads=1) as store:
        with pytest.raises(FlexuraError) as caught:
            await store.stat("k")
    assert caught.value.message == "the object store cannot be used at present"


async def test_a_cancelled_wait_frees_its_thread_only_when_the_thread_has_ended(
    shared_s3: S3Server, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(secrets.token_bytes(1 << 20))
    async with blobs(shared_s3.settings, threads=1) as store:
        await store.ensure_bucket()
        for number in range(5):
            upload = asyncio.create_task(store.upload_file(f"cancelled/{number}", tmp_path / "file", "image/png"))
            await asyncio.sleep(0.001)
            upload.cancel()
            await asyncio.gather(upload, return_exceptions=True)
        async with asyncio.timeout(20):
            assert await store.stat("none") is None
        assert sum(thread.name.startswith("blob") for thread in threading.enumerate()) == 1
