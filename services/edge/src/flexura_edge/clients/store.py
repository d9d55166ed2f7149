"""The object store, streamed from by presigned links."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

from flexura_edge.clients.store_connection import Answer, Chunk, StoreConnection, connect
from flexura_edge.recent import Recent
from flexura_kit.blob import Blobs, tls_context
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.settings import BlobSettings

CONNECT_S = 2.0
IDLE_S = 30.0
LINK_S = 600  # How long a link is good for.
LINK_KEPT_S = 300.0  # How long it is used for: what is left is ample to begin a download.
LINKS_MAX = 10_000
LINKS_BYTES_MAX = 4 << 20
IDLE_CONNECTIONS_MAX = 64
NO_OBJECT = "nothing"


class StoreClient:
    """Opens a connection for each download under way; whoever asks bounds how many those are."""

    def __init__(self, settings: BlobSettings, blobs: Blobs) -> None:
        host, _, port = settings.endpoint.rpartition(":")
        self._address = (host.strip("[]"), int(port)) if host else (settings.endpoint, 443 if settings.secure else 80)
        self._tls = tls_context(settings)
        self._blobs = blobs
        self._requests: Recent[str, str] = Recent(LINKS_MAX, LINK_KEPT_S, bytes_max=LINKS_BYTES_MAX, size_of=len)
        self._idle: list[StoreConnection] = []

    @asynccontextmanager
    async def open_object(
        self, key: str, first: int, size_bytes: int, timeout_s: float
    ) -> AsyncIterator[AsyncIterator[Chunk]]:
        """Streams `size_bytes` of an object from the byte `first` on; leaving early closes the connection at once."""
        if size_bytes == 0:
            yield nothing()
            return
        wanted = f"bytes={first}-{first + size_bytes - 1}"
        connection, answer = await self._ask(key, wanted, timeout_s)
        if answer.status == HTTPStatus.FORBIDDEN:
            connection.close()
            connection, answer = await self._ask_again(key, wanted, timeout_s)
        try:
            refuse_wrong(answer, size_bytes)
            yield told(connection.body(answer, IDLE_S))
        finally:
            self._keep_or_close(connection)

    async def why_not(self, timeout_s: float) -> str | None:
        """Asks for the bucket, then for an object that nobody has stored."""
        try:
            async with asyncio.timeout(timeout_s):
                if (trouble := await self._blobs.trouble()) is not None:
                    return trouble
        except TimeoutError:
            return "the object store did not answer in time"
        try:
            async with self.open_object(NO_OBJECT, 0, 1, timeout_s):
                return None
        except FlexuraError as error:
            return None if error.reason is Reason.ASSET_NOT_FOUND else error.message

    def drop_expired(self) -> None:
        self._requests.drop_expired()

    def close(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def _ask_again(self, key: str, wanted: str, timeout_s: float) -> tuple[StoreConnection, Answer]:
        """With a new link: where our clock is wrong, asking for the bucket tells the store's."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._blobs.trouble()
        except TimeoutError as error:
            raise unavailable() from error
        self._requests.drop(key)
        return await self._ask(key, wanted, timeout_s)

    async def _ask(self, key: str, wanted: str, timeout_s: float) -> tuple[StoreConnection, Answer]:
        request = f"{self._request(key)}Range: {wanted}\r\n\r\n".encode()
        try:
            while self._idle:
                with contextlib.suppress(ConnectionError):
                    # Closed by the store while it was idle: asking on another one is safe, for it only reads.
                    return await ask_on(self._idle.pop(), request, timeout_s)
            connection = await connect(*self._address, tls=self._tls, timeout_s=min(timeout_s, CONNECT_S))
            return await ask_on(connection, request, timeout_s)
        except (OSError, TimeoutError) as error:
            raise unavailable() from error

    def _request(self, key: str) -> str:
        request = self._requests.get(key)
        if request is None:
            link = urlsplit(self._blobs.presigned_get(key, LINK_S))
            request = f"GET {link.path}?{link.query} HTTP/1.1\r\nHost: {link.netloc}\r\nAccept-Encoding: identity\r\n"
            self._requests.put(key, request)
        return request

    def _keep_or_close(self, connection: StoreConnection) -> None:
        if connection.is_reusable and len(self._idle) < IDLE_CONNECTIONS_MAX:
            self._idle.append(connection)
        else:
            connection.close()


@asynccontextmanager
async def store_client(settings: BlobSettings, blobs: Blobs) -> AsyncIterator[StoreClient]:
    client = StoreClient(settings, blobs)
    try:
        yield client
    finally:
        client.close()


async def ask_on(connection: StoreConnection, request: bytes, timeout_s: float) -> tuple[StoreConnection, Answer]:
    try:
        return connection, await connection.ask(request, timeout_s)
    except BaseException:
        connection.close()
        raise


def refuse_wrong(answer: Answer, size_bytes: int) -> None:
    if answer.status == HTTPStatus.NOT_FOUND:
        raise FlexuraError(Kind.NOT_FOUND, Reason.ASSET_NOT_FOUND, "this asset is no longer in the store")
    if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        raise FlexuraError(
            Kind.BUSY,
            Reason.SERVICE_UNAVAILABLE,
            "the object store cannot read this asset at present",
            service="store",
            unreadable="true",
        )
    if answer.status != HTTPStatus.PARTIAL_CONTENT or answer.content_length != size_bytes:
        raise unavailable()


def unavailable() -> FlexuraError:
    return FlexuraError(
        Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the object store cannot be used at present", service="store"
    )


async def told(chunks: AsyncIterator[Chunk]) -> AsyncIterator[Chunk]:
    try:
        async for chunk in chunks:
            yield chunk
    except (OSError, TimeoutError) as error:
        raise unavailable() from error


async def nothing() -> AsyncIterator[Chunk]:
    chunks: tuple[Chunk, ...] = ()
    for chunk in chunks:
        yield chunk
