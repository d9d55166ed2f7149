"""A real S3 server, configured as `make run` configures it."""

import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3
from minio import Minio

from flexura_kit.blob import tls_context
from flexura_kit.settings import BlobSettings
from flexura_local.s3 import BUCKET, GRPC_OFFSET, Store, store_ports
from servers.process import ServerProcess
from servers.retry import with_fresh_ports

CLIENT_TIMEOUT_S = 30


@dataclass(frozen=True)
class S3Server:
    """What a client needs; `process` kills, pauses and starts it again on the same port with the same objects."""

    endpoint: str
    bucket: str
    region: str
    access_key: str
    secret_key: str
    access_key_file: Path
    secret_key_file: Path
    certificate_file: Path
    ports: dict[str, int]
    process: ServerProcess

    @property
    def settings(self) -> BlobSettings:
        return BlobSettings(
            endpoint=self.endpoint,
            bucket=self.bucket,
            region=self.region,
            access_key_file=self.access_key_file,
            secret_key_file=self.secret_key_file,
            secure=True,
            ca_file=self.certificate_file,
            certificate_file=self.certificate_file,
        )

    def client(self, secret_key: str | None = None) -> Minio:
        """The store's own client, with its credentials or a wrong one."""
        pool = urllib3.PoolManager(ssl_context=tls_context(self.settings), timeout=CLIENT_TIMEOUT_S)
        return Minio(
            self.endpoint, self.access_key, secret_key or self.secret_key, region=self.region, http_client=pool
        )


@asynccontextmanager
async def s3_server(folder: Path) -> AsyncIterator[S3Server]:
    """Starts one in the folder, its bucket made, and stops it at the end. It takes a second: share it where you can."""
    # Sockets have short names wherever the test's folder lies.
    with tempfile.TemporaryDirectory(prefix="flexura-s3-") as sockets:
        server = await with_fresh_ports(lambda: _start(folder, Path(sockets)))
        try:
            yield server
        finally:
            # Nothing of it is kept, and asking politely takes it seconds.
            await server.process.kill()
            _remove_sockets(server.ports)


async def _start(folder: Path, sockets: Path) -> S3Server:
    store = Store(folder / "s3", sockets, store_ports(), "flexura", secrets.token_urlsafe(24))
    store.prepare()
    access_key_file, secret_key_file = store.folder / "access-key", store.folder / "secret-key"
    access_key_file.write_text(store.access_key)
    secret_key_file.write_text(store.secret_key)
    process = ServerProcess(
        store.command(), store.folder / "log", store.why_not_ready, environment=os.environ | store.environment
    )
    await process.start()
    return S3Server(
        store.endpoint,
        BUCKET,
        "us-east-1",
        store.access_key,
        store.secret_key,
        access_key_file,
        secret_key_file,
        store.certificate_file,
        store.ports,
        process,
    )


def _remove_sockets(ports: dict[str, int]) -> None:
    # It names them after its ports in a place of its choosing, and leaves them when killed.
    for name in ("master", "volume", "filer", "s3", "admin"):
        port = ports.get(f"{name}.grpc", ports[name] + GRPC_OFFSET)
        Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock").unlink(missing_ok=True)  # noqa: S108 - its place, not ours.
