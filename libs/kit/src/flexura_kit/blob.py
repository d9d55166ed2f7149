"""The object store: S3 by MinIO's client, in threads of its own."""

import asyncio
import hashlib
import io
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
from minio.error import MinioException, S3Error

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.seaweedfs import StoreSync
from flexura_kit.settings import BlobSettings, secret
from flexura_kit.store_time import CorrectedMinio

T = TypeVar("T")

CONNECT_S = 2.0
READ_S = 30.0  # Between two bytes; the client's own default would hold a thread for half an hour.
RETRIES = 2
PART_BYTES = 16 << 20
READ_BACK_BYTES_MAX = 16 << 20  # What is larger is known by its checksum and its end.
TAIL_BYTES = 1 << 20
CLIENT_ERROR = 4  # The first digit of these statuses.
CHUNK_BYTES = 256 << 10
WATCH_S = 5.0
WATCH_TIMEOUT_S = 10.0
CANARY = "canary/jobs"
CANARY_BYTES = b"Written and read back to see that the store keeps what it takes.\n"
REFUSED_KEYS = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})


@dataclass(frozen=True, slots=True)
class Stat:
    """What the store says of an object."""

    size_bytes: int
    content_type: str
    etag: str


class Blobs:
    """Objects of one bucket. The client is synchronous; a cancelled wait leaves its thread to end by itself."""

    def __init__(
        self,
        client: CorrectedMinio,
        bucket: str,
        executor: ThreadPoolExecutor,
        threads: int,
        sync: StoreSync | None = None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._executor = executor
        self._free = asyncio.Semaphore(threads)
        self._sync = sync

    async def upload_file(self, key: str, path: Path, content_type: str) -> None:
        """Uploads the file and reads back what the store has kept of it; raises FlexuraError where that differs.

        Whether it then survives a power cut is for the store to see to, or for us where there is a `sync_dir`.
        """
        await self._in_thread(partial(self._upload, key, path, content_type))
        if self._sync is not None:
            await self._sync.wait()

    async def stat(self, key: str) -> Stat | None:
        return await self._in_thread(partial(self._stat, key))

    async def gives(self, key: str, size_bytes: int) -> bool:
        """Reads the first and the last byte of an object; False where the store answers 500 or 404, or gives none.

        Raises FlexuraError where the store answers anything else: that says nothing of the object.
        """
        return await self._in_thread(partial(self._gives, key, size_bytes))

    async def keep_canary(self) -> None:
        """Writes an object, reads it back and removes it; raises FlexuraError where the store does not keep it."""
        await self._in_thread(self._keep_canary)

    async def remove(self, key: str) -> None:
        """Removes the object; one that is not there is removed already."""
        await self._in_thread(partial(self._client.remove_object, self._bucket, key))

    async def keys(self, prefix: str, count_max: int) -> list[str]:
        """Answers the first keys that begin so."""
        return await self._in_thread(partial(self._keys, prefix, count_max))

    async def has_bucket(self) -> bool:
        return await self._in_thread(partial(self._client.bucket_exists, self._bucket))

    async def ensure_bucket(self) -> None:
        await self._in_thread(self._ensure_bucket)

    async def trouble(self) -> str | None:
        """Says why the bucket cannot be used, in words for the operator; None where it can."""
        try:
            found = await self._in_thread(partial(self._client.bucket_exists, self._bucket))
        except FlexuraError as error:
            return f"the object store at {self._endpoint} {reason_of(error.__cause__)}"
        if found:
            return None
        return f"the object store at {self._endpoint} has no bucket {self._bucket}; create it (FLEXURA_S3_BUCKET)"

    @property
    def _endpoint(self) -> str:
        return str(self._client._base_url.host)  # noqa: SLF001 - the client has no public word for it.

    def presigned_get(self, key: str, expires_s: int) -> str:
        """Signs a link to the object, without asking the store: the region is known."""
        url: str = self._client.presigned_get_object(
            self._bucket, key, expires=timedelta(seconds=expires_s), request_date=self._client.signing_time()
        )
        return url

    def _upload(self, key: str, path: Path, content_type: str) -> None:
        self._client.fput_object(
            self._bucket,
            key,
            str(path),
            content_type=content_type,
            part_size=PART_BYTES,
            num_parallel_uploads=1,  # A pool of the client's own would leak its threads when a part fails.
        )
        why = self._why_not_kept(key, path)
        if why is not None:
            raise not_kept(key, why)

    def _why_not_kept(self, key: str, path: Path) -> str | None:
        """Holds the object against the file: its size, and its bytes as far as they are not known by their checksum."""
        size_bytes = path.stat().st_size
        found = self._stat(key)
        if found is None:
            return "it is not there"
        if found.size_bytes != size_bytes:
            return f"it has {found.size_bytes} bytes and not {size_bytes}"
        # The checksum of a store says what it was sent; only its bytes say what it has. They are read where they are
        # few, and where its checksum is of a kind that we do not know.
        is_known_by_checksum = size_bytes > READ_BACK_BYTES_MAX and found.etag == etag_of(path)
        first = size_bytes - TAIL_BYTES if is_known_by_checksum else 0
        return None if size_bytes == 0 or self._holds(key, path, first) else "its bytes are others"

    def _holds(self, key: str, path: Path, first: int) -> bool:
        """Compares the object with the file, from a byte on."""
        answer = self._client.get_object(self._bucket, key, offset=first)
        try:
            with path.open("rb") as file:
                file.seek(first)
                while sent := file.read(CHUNK_BYTES):
                    if answer.read(len(sent)) != sent:
                        return False
                return not answer.read(1)
        finally:
            answer.close()
            answer.release_conn()

    def _gives(self, key: str, size_bytes: int) -> bool:
        firsts = {0, size_bytes - 1} if size_bytes else set()
        try:
            return all(len(self._read(key, first, 1)) == 1 for first in firsts)
        except S3Error as error:
            if error.response.status in {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.NOT_FOUND}:
                return False
            raise

    def _keep_canary(self) -> None:
        self._client.put_object(self._bucket, CANARY, io.BytesIO(CANARY_BYTES), len(CANARY_BYTES))
        if self._read(CANARY, 0, len(CANARY_BYTES)) != CANARY_BYTES:
            raise not_kept(CANARY, "its bytes are others")
        self._client.remove_object(self._bucket, CANARY)

    def _read(self, key: str, first: int, length: int) -> bytes:
        answer = self._client.get_object(self._bucket, key, offset=first, length=length)
        try:
            content: bytes = answer.read()
            return content
        finally:
            answer.close()
            answer.release_conn()

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
        running = asyncio.get_running_loop().run_in_executor(self._executor, self._signed_anew, call)
        running.add_done_callback(self._release)
        with store_errors():
            # Shielded, so that the thread is counted as busy until it really ends.
            return await asyncio.shield(running)

    def _signed_anew(self, call: Callable[[], T]) -> T:
        """Makes a call, and once more where it was refused because our clock is wrong: each may be repeated."""
        before = self._client.told
        try:
            return call()
        except S3Error as error:
            # Another thread may have learned it meanwhile.
            if self._client.told is before and not self._client.corrects_after(error):
                raise
        return call()

    def _release(self, running: asyncio.Future[T]) -> None:
        self._free.release()
        if not running.cancelled():
            running.exception()  # Looked at, in case the one who waited has left.


@asynccontextmanager
async def blobs(
    settings: BlobSettings, threads: int = 4, read_s: float = READ_S, retries: int = RETRIES
) -> AsyncIterator[Blobs]:
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=CONNECT_S, read=read_s),
        maxsize=threads,
        retries=urllib3.Retry(
            # Without retries the answer itself is what the caller gets to see.
            total=retries,
            backoff_factor=0.2,
            status_forcelist=[500, 502, 503, 504],
            raise_on_status=retries > 0,
        ),
        ssl_context=tls_context(settings),
    )
    client = CorrectedMinio(
        settings.endpoint,
        access_key=secret(settings.access_key_file),
        secret_key=secret(settings.secret_key_file),
        secure=settings.secure,
        region=settings.region,
        http_client=pool,
    )
    executor = ThreadPoolExecutor(threads, thread_name_prefix="blob")
    try:
        sync = StoreSync(settings.sync_dir) if settings.sync_dir is not None else None
        yield Blobs(client, settings.bucket, executor, threads, sync)
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


def etag_of(path: Path) -> str:
    """The tag that most stores give an object: its MD5, or that of the MD5s of its parts and their number."""
    with path.open("rb") as file:
        digests = [
            hashlib.md5(part, usedforsecurity=False).digest() for part in iter(lambda: file.read(PART_BYTES), b"")
        ]
    if len(digests) <= 1:
        return (digests or [hashlib.md5(b"", usedforsecurity=False).digest()])[0].hex()
    return f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"


def not_kept(key: str, why: str) -> FlexuraError:
    return FlexuraError(
        Kind.BUSY,
        Reason.SERVICE_UNAVAILABLE,
        f"the object store did not keep what it took: {why}",
        service="store",
        key=key,
        refusal="NotKept",
    )


class StoreWatch:
    """Asks for the bucket again and again: a loop for the lifecycle, and the check that it feeds."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._trouble: str | None = None

    def trouble(self) -> str | None:
        return self._trouble

    async def run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(WATCH_TIMEOUT_S):
                    self._trouble = await self._blobs.trouble()
            except TimeoutError:
                self._trouble = f"the object store did not answer within {WATCH_TIMEOUT_S:g} s"
            await asyncio.sleep(WATCH_S)


@asynccontextmanager
async def store_watch(settings: BlobSettings) -> AsyncIterator[StoreWatch]:
    """On a connection of its own: it must neither wait for uploads nor hold them up."""
    async with blobs(settings, threads=1, read_s=WATCH_S, retries=0) as own:
        yield StoreWatch(own)


def reason_of(error: BaseException | None) -> str:
    """What a store said, in words that name the setting where it is one."""
    code = error.code if isinstance(error, S3Error) else ""
    if code in REFUSED_KEYS:
        return f"refuses the keys ({code}); see FLEXURA_S3_ACCESS_KEY_FILE and FLEXURA_S3_SECRET_KEY_FILE"
    if code == "RequestTimeTooSkewed":
        return "refuses what is signed here: the clock of this machine or of the store's is wrong"
    if code:
        return f"answers {code}"
    return f"cannot be reached ({type(error).__name__})"


@contextmanager
def store_errors() -> Iterator[None]:
    try:
        yield
    except (MinioException, urllib3.exceptions.HTTPError, ConnectionError) as error:
        refusal = refusal_of(error)
        metadata = {"service": "store"} | ({"refusal": refusal} if refusal else {})
        raise FlexuraError(
            Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the object store cannot be used at present", (), **metadata
        ) from error


def refusal_of(error: Exception) -> str | None:
    """The store's own code where it answered that it will not, such as AccessDenied; None where it may do so later."""
    if isinstance(error, S3Error) and error.response.status // 100 == CLIENT_ERROR:
        return str(error.code)
    return None
