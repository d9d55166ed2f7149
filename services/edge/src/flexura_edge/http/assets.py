"""Delivering what jobs made: bytes from the object store, to anyone who has the link."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from aiohttp import web
from multidict import CIMultiDict

from flexura.jobs.v1 import job_pb2, jobs_service_pb2
from flexura_edge.http.conditional import Span, http_date, is_known, span_of
from flexura_edge.http.exchange import Exchange
from flexura_edge.limits import Limit
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.rpc import from_timestamp

# Shown in the browser; anything else is offered for saving, so that no asset runs as a page of this origin.
SHOWN_TYPES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/gif",
        "image/avif",
        "video/mp4",
        "video/webm",
        "audio/wav",
        "audio/mpeg",
        "audio/flac",
        "audio/ogg",
        "audio/aac",
        "audio/mp4",
    }
)
NAME_CHARACTERS_MAX = 80
CLIENT_IDLE_S = 60.0  # A client that takes nothing for so long has left without saying so.
KEPT_S = 300  # Short, so that a removed asset is soon gone from browsers too.

ResolveAsset = Callable[[str, str, float], Awaitable[jobs_service_pb2.StoredAsset]]
LookForAsset = Callable[[str, str, float], Awaitable[None]]
# No script runs and nothing is loaded but the file itself, which a browser's player asks for a second time.
HARMLESS = "sandbox allow-same-origin; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"

OpenObject = Callable[[str, int, int, float], AbstractAsyncContextManager[AsyncIterator[bytes | memoryview]]]


class Assets:
    """`resolve` tells where an asset lies; `open_object` streams so many of its bytes from a first one on.

    `look_for` is told of one that is not there, and raises an error that says why.
    """

    def __init__(self, resolve: ResolveAsset, look_for: LookForAsset, open_object: OpenObject, streams: Limit) -> None:
        self._resolve = resolve
        self._look_for = look_for
        self._open_object = open_object
        self._streams = streams

    async def get(self, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        job_id, extension = parts_of(exchange.parameter)
        stored = await self._resolve(job_id, extension, exchange.remaining_s())
        asset = stored.asset
        etag = f'"{asset.sha256}"'
        headers = asset_headers(exchange, asset, f"{job_id}.{extension}", etag)
        modified = modified_at(stored)
        if modified is not None:
            headers["Last-Modified"] = http_date(modified)
        if is_known(request, etag, modified):
            return web.Response(status=304, headers=headers)
        part = span_of(request, asset.size_bytes, etag, modified)
        if part:
            headers["Content-Range"] = f"bytes {part.first}-{part.last}/{asset.size_bytes}"
        span = part or Span(0, asset.size_bytes - 1)
        headers["Content-Length"] = str(span.size_bytes)
        response = web.StreamResponse(status=206 if part else 200, headers=headers)
        if request.method == "HEAD":
            return response
        with self._streams:
            try:
                return await self._stream(exchange, stored.object_key, span, response)
            except FlexuraError as error:
                if error.reason is not Reason.ASSET_NOT_FOUND and "unreadable" not in error.metadata:
                    raise
                await self._look_for(job_id, extension, exchange.remaining_s())
                # It was found meanwhile.
                raise unavailable() from error

    async def _stream(
        self, exchange: Exchange, object_key: str, span: Span, response: web.StreamResponse
    ) -> web.StreamResponse:
        open_object = self._open_object(object_key, span.first, span.size_bytes, exchange.remaining_s())
        async with open_object as chunks:
            # Begun only now: a store that is down can still be told in a status.
            exchange.response = response
            await response.prepare(exchange.request)
            async for chunk in chunks:
                async with asyncio.timeout(CLIENT_IDLE_S):
                    await response.write(chunk)
        await response.write_eof()
        return response


def modified_at(stored: jobs_service_pb2.StoredAsset) -> datetime | None:
    """In whole seconds, as dates of HTTP are."""
    return from_timestamp(stored.finish_time).replace(microsecond=0) if stored.HasField("finish_time") else None


def unavailable() -> FlexuraError:
    return FlexuraError(
        Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the object store did not have the asset just now", service="store"
    )


def parts_of(name: str) -> tuple[str, str]:
    job_id, _, extension = name.lower().rpartition(".")
    plain = job_id.replace("-", "")
    if not (name.isascii() and plain.isalnum() and extension.isalnum()) or len(name) > NAME_CHARACTERS_MAX:
        raise FlexuraError(
            Kind.NOT_FOUND,
            Reason.ASSET_NOT_FOUND,
            "there is no such asset; use the asset_url of a completed job as it is",
        )
    return job_id, extension


def asset_headers(exchange: Exchange, asset: job_pb2.Asset, file_name: str, etag: str) -> CIMultiDict[str]:
    is_shown = asset.content_type in SHOWN_TYPES
    headers = exchange.headers(asset.content_type if is_shown else "application/octet-stream")
    headers["Content-Disposition"] = f'{"inline" if is_shown else "attachment"}; filename="{file_name}"'
    headers["Accept-Ranges"] = "bytes"
    headers["ETag"] = etag
    # Private, so that no shared cache outlives a removal.
    headers["Cache-Control"] = f"private, max-age={KEPT_S}"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = HARMLESS
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # Who has the link may show it on any page.
    return headers
