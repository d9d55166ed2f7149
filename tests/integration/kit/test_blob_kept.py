"""An upload counts when the store has kept its bytes, whatever it answers."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from servers.lying_s3 import Keeps, LyingS3, lying_s3, nothing, other_bytes, the_first_half

from flexura_kit.blob import PART_BYTES, blobs
from flexura_kit.errors import FlexuraError

SIZES = [1, 300_000, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 77]
LIES = [nothing, the_first_half, other_bytes]


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[LyingS3]:
    async with lying_s3(tmp_path / "liar") as served:
        yield served


@pytest.mark.parametrize("size_bytes", SIZES)
async def test_what_was_kept_whole_is_taken(store: LyingS3, tmp_path: Path, size_bytes: int) -> None:
    await upload(store, tmp_path, size_bytes)

    (kept,) = store.objects.values()
    assert kept == (tmp_path / "file").read_bytes()


@pytest.mark.parametrize("keeps", LIES)
@pytest.mark.parametrize("size_bytes", SIZES)
async def test_what_was_not_kept_is_an_error_that_says_so(
    store: LyingS3, tmp_path: Path, keeps: Keeps, size_bytes: int
) -> None:
    store.keeps = keeps
    with pytest.raises(FlexuraError, match="did not keep") as raised:
        await upload(store, tmp_path, size_bytes)

    assert raised.value.metadata["refusal"] == "NotKept"


async def test_a_store_whose_tags_are_no_checksums_is_read_back(store: LyingS3, tmp_path: Path) -> None:
    class Opaque(dict[str, str]):
        def __getitem__(self, _key: str) -> str:
            return '"opaque-1"'

    store.etags = Opaque()
    await upload(store, tmp_path, PART_BYTES + 1)
    store.keeps = lambda content: bytes([content[0] ^ 1]) + content[1:]

    with pytest.raises(FlexuraError, match="did not keep"):
        await upload(store, tmp_path, PART_BYTES + 1)


async def upload(store: LyingS3, folder: Path, size_bytes: int) -> None:
    path = folder / "file"
    path.write_bytes(os.urandom(size_bytes))
    async with blobs(store.settings) as uploading:
        await uploading.upload_file("jobs/a/1-b.png", path, "image/png")
