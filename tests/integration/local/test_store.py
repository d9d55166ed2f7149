"""The object store over restarts in a changed surrounding."""

import asyncio
import io
import os
from pathlib import Path

import pytest
import urllib3
from minio import Minio
from servers.process import ServerProcess

from flexura_kit.blob import tls_context
from flexura_kit.settings import BlobSettings
from flexura_local.s3 import BUCKET, INDEX_FOLDER, OLD_INDEX_FOLDER, REGION, Store, store_ports
from flexura_local.volumes import ENTRY_BYTES, repair_volumes

BODY = os.urandom(4000)  # Of what can be compressed the store keeps less.


@pytest.mark.parametrize(("begun_with", "index"), [((), {INDEX_FOLDER}), ((OLD_INDEX_FOLDER,), {OLD_INDEX_FOLDER})])
async def test_objects_are_found_again_where_every_port_was_taken_meanwhile(
    tmp_path: Path, begun_with: tuple[str, ...], index: set[str]
) -> None:
    for folder in begun_with:
        (tmp_path / "s3" / "data" / folder).mkdir(parents=True)
    for turn in range(2):
        store = Store(tmp_path / "s3", tmp_path, store_ports(), "flexura", "a secret of some length")
        store.prepare()
        process = started(store, tmp_path / "log")
        await process.start()
        try:
            await asyncio.to_thread(_put if turn == 0 else _check, store)
        finally:
            await process.stop()
    assert {folder.name for folder in store.data.glob("filer*") if any(folder.iterdir())} == index


@pytest.mark.parametrize("lost", ["end_of_data", "end_of_index", "half_an_entry"])
async def test_a_volume_that_a_power_cut_left_uneven_takes_objects_again(tmp_path: Path, lost: str) -> None:
    for turn in range(2):
        store = Store(tmp_path / "s3", tmp_path, store_ports(), "flexura", "a secret of some length")
        store.prepare()
        process = started(store, tmp_path / "log")
        await process.start()
        try:
            await asyncio.to_thread(_put if turn == 0 else _check, store)
            if turn == 0:
                # The last one was under way when the power went.
                await asyncio.to_thread(_client(store).put_object, BUCKET, "a/z", io.BytesIO(BODY), len(BODY))
        finally:
            await process.kill()
        (data,), (index,) = store.data.glob("*.dat"), store.data.glob("*.idx")
        if lost == "end_of_data":
            os.truncate(data, data.stat().st_size - 100)
        else:
            os.truncate(index, index.stat().st_size - (ENTRY_BYTES if lost == "end_of_index" else 5))


def started(store: Store, log: Path) -> ServerProcess:
    return ServerProcess(store.command(), log, store.why_not_ready, environment=os.environ | store.environment)


def test_volumes_that_are_not_understood_are_left_alone(tmp_path: Path) -> None:
    index, data = tmp_path / "a_1.idx", tmp_path / "a_1.dat"
    index.write_bytes(bytes(range(ENTRY_BYTES)) * 3)
    data.write_bytes(b"of another version" * 100)
    repair_volumes(tmp_path)
    assert (index.stat().st_size, data.stat().st_size) == (3 * ENTRY_BYTES, 1800)


def _put(store: Store) -> None:
    _client(store).put_object(BUCKET, "a/b", io.BytesIO(BODY), len(BODY))


def _check(store: Store) -> None:
    with _client(store).get_object(BUCKET, "a/b") as answer:
        assert answer.read() == BODY
    _client(store).put_object(BUCKET, "a/c", io.BytesIO(BODY), len(BODY))


def _client(store: Store) -> Minio:
    certificate = store.certificate_file
    tls = tls_context(BlobSettings(secure=True, ca_file=certificate, certificate_file=certificate))
    pool = urllib3.PoolManager(ssl_context=tls)
    return Minio(store.endpoint, store.access_key, store.secret_key, region=REGION, http_client=pool)
