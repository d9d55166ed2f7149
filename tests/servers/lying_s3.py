"""An object store that answers as S3 does and keeps what it likes: all, nothing, a part, other bytes."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from flexura_kit.settings import BlobSettings

Keeps = Callable[[bytes], bytes | None]


def everything(content: bytes) -> bytes | None:
    return content


def nothing(_content: bytes) -> bytes | None:
    return None


def the_first_half(content: bytes) -> bytes | None:
    return content[: len(content) // 2]


def other_bytes(content: bytes) -> bytes | None:
    return content[:-1] + bytes([content[-1] ^ 1])


@dataclass
class LyingS3:
    """What it keeps of each object, and what it has."""

    folder: Path
    keeps: Keeps = everything
    objects: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    endpoint: str = ""
    bucket: str = "assets"
    region: str = "us-east-1"
    has_bucket: bool = True
    fails: set[str] = field(default_factory=set)
    """Keys of objects that HEAD finds and GET answers 500 for."""
    uploads: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.access_key_file, self.secret_key_file = self.folder / "access-key", self.folder / "secret-key"
        self.access_key_file.write_text("liar")
        self.secret_key_file.write_text("not-a-secret")

    @property
    def settings(self) -> BlobSettings:
        return BlobSettings(
            endpoint=self.endpoint,
            bucket=self.bucket,
            region=self.region,
            access_key_file=self.access_key_file,
            secret_key_file=self.secret_key_file,
        )

    def lose(self, key: str) -> None:
        self.objects.pop(f"/{self.bucket}/{key}", None)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        key, query = request.path, request.query
        if request.method == "PUT":
            content = await request.read()
            if "uploadId" in query:
                self.parts.setdefault(query["uploadId"], {})[int(query["partNumber"])] = content
                return web.Response(headers={"ETag": f'"{md5(content)}"'})
            return web.Response(headers={"ETag": self._store(key, content, md5(content))})
        if request.method == "POST":
            return self._multipart(key, query.get("uploadId"))
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return web.Response(status=204)
        if key.strip("/") == self.bucket:
            return web.Response(status=200 if self.has_bucket else 404)
        return self._get(request, key)

    def _multipart(self, key: str, upload_id: str | None) -> web.Response:
        if upload_id is None:
            self.parts[key] = {}
            told = f"<Bucket>{self.bucket}</Bucket><Key>{key}</Key><UploadId>{key}</UploadId>"
            return xml(f"<InitiateMultipartUploadResult>{told}</InitiateMultipartUploadResult>")
        parts = [content for _, content in sorted(self.parts.pop(upload_id).items())]
        joined = b"".join(hashlib.md5(part, usedforsecurity=False).digest() for part in parts)
        etag = self._store(key, b"".join(parts), f"{md5(joined)}-{len(parts)}")
        told = f"<Location>x</Location><Bucket>{self.bucket}</Bucket><Key>{key}</Key><ETag>{etag}</ETag>"
        return xml(f"<CompleteMultipartUploadResult>{told}</CompleteMultipartUploadResult>")

    def _store(self, key: str, content: bytes, etag: str) -> str:
        """Answers the tag of what it was sent, whatever it keeps."""
        self.uploads += 1
        kept = self.keeps(content)
        if kept is not None:
            self.objects[key], self.etags[key] = kept, f'"{etag}"'
        return f'"{etag}"'

    def _get(self, request: web.Request, key: str) -> web.Response:
        content = self.objects.get(key)
        if content is None:
            return xml("<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>", status=404)
        if request.method == "GET" and key.removeprefix(f"/{self.bucket}/") in self.fails:
            return xml("<Error><Code>InternalError</Code><Message>lost</Message></Error>", status=500)
        headers = {"ETag": self.etags[key], "Last-Modified": "Tue, 01 Dec 2026 00:00:00 GMT"}
        part = request.http_range if "Range" in request.headers else None
        body = content[part] if part is not None else content
        return web.Response(body=body, status=206 if part is not None else 200, headers=headers)


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def xml(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="application/xml")


@asynccontextmanager
async def lying_s3(folder: Path) -> AsyncIterator[LyingS3]:
    """Serves one on a free port of this machine."""
    store = LyingS3(folder)
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{tail:.*}", store.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    _, port = runner.addresses[0][:2]
    store.endpoint = f"127.0.0.1:{port}"
    try:
        yield store
    finally:
        await runner.cleanup()
