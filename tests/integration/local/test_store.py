"""The object store over restarts in a changed surrounding."""

import asyncio
import io
from pathlib import Path

import urllib3
from minio import Minio
from servers.process import ServerProcess

from flexura_kit.blob import tls_context
from flexura_kit.settings import BlobSettings
from flexura_local.s3 import BUCKET, REGION, Store, store_ports

BODY = b"kept" * 1000


async def test_objects_are_found_again_where_every_port_was_taken_meanwhile(tmp_path: Path) -> None:
    for turn in range(2):
        store = Store(tmp_path / "s3", tmp_path, store_ports(), "flexura", "a secret of some length")
        store.prepare()
        process = ServerProcess(store.command(), tmp_path / "log", store.why_not_ready)
        await process.start()
        try:
            await asyncio.to_thread(_put if turn == 0 else _check, store)
        finally:
            await process.stop()


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
