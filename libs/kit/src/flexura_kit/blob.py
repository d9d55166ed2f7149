"""The object store: S3 by MinIO's client, in threads of its own."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import TypeVar

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.settings import BlobSettings, secret

T = TypeVar("T")

CONNECT_S = 2.0
READ_S = 30.0  # Between two bytes; the client's own default would hold a thread for half an hour.
PART_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Stat:
    """What the store says of an object."""

    size_bytes: int
    content_type: str
    etag: str


class Blobs:
    """Objects of one bucket. The client is synchronous; a cancelled wait leaves its thread to end by itself."""

    def __init__(self, client: Minio, bucket: str, executor: ThreadPoolExecutor, threads: int) -> None:
        self._client = client
        self._bucket = bucket
        self._executor = executor
        self._free = asyncio.Semaphore(threads)

    async def upload_file(self, key: str, path: Path, content_type: str) -> None:
        upload = partial(
            self._client.fput_object,
            self._bucket,
            key,
            str(path),
            content_type=content_type,
            part_size=PART_BYTES,
            num_parallel_uploads=1,  # A pool of the client's own would leak its threads when a part fails.
        )
        await self._in_thread(upload)

    async def stat(self, key: str) -> Stat | None:
        return await self._in_thread(partial(self._stat, key))

    async def remove(self, key: str) -> None:
        """Removes the object; one that is not there is removed already."""
        await self._in_thread(partial(self._client.remove_object, self._bucket, key))

    async def keys(self, prefix: str, count_max: int) -> list[str]:
        """Answers the first keys that begin so."""
        return await self._in_thread(partial(self._keys, prefix, count_max))

    async def ensure_bucket(self) -> None:
        await self._in_thread(self._ensure_bucket)

    def presigned_get(self, key: str, expires_s: int) -> str:
        """Signs a link to the object, without asking the store: the region is known."""
        url: str = self._client.presigned_get_object(self._bucket, key, expires=timedelta(seconds=expires_s))
        return url

    def _stat(self, key: str) -> Stat | None:
        try:
            found = self._client.stat_object(self._bucket, key)
        except S3Error as error:
            if error.response.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return Stat(found.size or 0, found.content_type or "", found.etag or "")

    def _keys(self, prefix: str, count_max: int) -> list[str]:
        found = self._client.list_objects(self._bucket, prefix=prefix, recursive=True)
        return [str(item.object_name) for item in islice(found, count_max)]

    def _ensure_bucket(self) -> None:
        if not self._client.bucket_exists(self._bucket):
            self._client.make_bucket(self._bucket)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        await self._free.acquire()
        running = asyncio.get_running_loop().run_in_executor(self._executor, call)
        running.add_done_callback(self._release)
        with store_errors():
            # Shielded, so that the thread is counted as busy until it really ends.
            return await asyncio.shield(running)

    def _release(self, running: asyncio.Future[T]) -> None:
        self._free.release()
        if not running.cancelled():
            running.exception()  # Looked at, in case the one who waited has left.


@asynccontextmanager
async def blobs(settings: BlobSettings, threads: int = 4) -> AsyncIterator[Blobs]:
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
        maxsize=threads,
        retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        ssl_context=tls_context(settings),
    )
    client = Minio(
        settings.endpoint,
        access_key=secret(settings.access_key_file),
        secret_key=secret(settings.secret_key_file),
        secure=settings.secure,
        region=settings.region,
        http_client=pool,
    )
    executor = ThreadPoolExecutor(threads, thread_name_prefix="blob")
    try:
        yield Blobs(client, settings.bucket, executor, threads)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        pool.clear()


def tls_context(settings: BlobSettings) -> ssl.SSLContext | None:
    """How to trust the store and to show who we are; None where it does not speak TLS."""
    if not settings.secure:
        return None
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.certificate_file is not None:
        context.load_cert_chain(settings.certificate_file)
    return context


@contextmanager
def store_errors() -> Iterator[None]:
    try:
        yield
    except (MinioException, urllib3.exceptions.HTTPError, ConnectionError) as error:
        raise FlexuraError(
            Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the object store cannot be used at present", service="store"
        ) from error
