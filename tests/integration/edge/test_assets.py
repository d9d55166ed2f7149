"""Downloads, from a real store."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from integration.edge.peers import Edge, Peers, asset_of, edge
from servers.lying_s3 import lying_s3
from servers.s3 import S3Server
from servers.waiting import eventually

from flexura.jobs.v1 import jobs_service_pb2
from flexura_edge.http.assets import HARMLESS
from flexura_kit.blob import Blobs, blobs
from flexura_kit.ids import new_uuid7

ESTABLISHED = "01"


@dataclass
class Library:
    """An edge before a real store, and a way to put assets into it."""

    door: Edge
    blobs: Blobs
    folder: Path

    async def put(self, content: bytes, content_type: str = "image/png", extension: str = "png") -> str:
        """Answers the path of the asset."""
        job_id = new_uuid7()
        file = self.folder / job_id
        file.write_bytes(content)
        key = f"assets/{job_id}/1 ü+&.{extension}"
        await self.blobs.upload_file(key, file, content_type)
        self.name(job_id, key, content, content_type, extension)
        return f"/api/assets/{job_id}.{extension}"

    def name(self, job_id: str, key: str, content: bytes, content_type: str, extension: str) -> None:
        self.door.peers.jobs.assets[f"{job_id}.{extension}"] = jobs_service_pb2.StoredAsset(
            object_key=key, asset=asset_of(content, content_type, extension)
        )


@pytest_asyncio.fixture
async def library(services: Peers, shared_s3: S3Server, tmp_path: Path) -> AsyncIterator[Library]:
    settings = shared_s3.settings
    async with edge(services, s3=settings) as door, blobs(settings) as store:
        yield Library(door, store, tmp_path)


async def test_readiness_names_a_bucket_that_is_missing(services: Peers, shared_s3: S3Server) -> None:
    settings = shared_s3.settings.model_copy(update={"bucket": "not-made-yet"})
    async with edge(services, s3=settings) as door:

        async def is_told() -> bool:
            async with door.client.get("/readyz") as response:
                impaired = (await response.json())["impaired"]
            return "has no bucket not-made-yet; create it" in impaired.get("store", "")

        await eventually(is_told, within_s=30)


async def test_readiness_names_a_store_that_cannot_be_used(services: Peers, own_s3: S3Server) -> None:
    async with edge(services, s3=own_s3.settings) as door:

        async def told() -> tuple[str, bool]:
            async with door.client.get("/readyz") as response:
                answer = await response.json()
            return answer["status"], "store" in answer["impaired"]

        async def is_told(expected: tuple[str, bool]) -> None:
            async def matches() -> bool:
                return await told() == expected

            await eventually(matches, within_s=30)

        await is_told(("ready", False))
        own_s3.process.pause()
        await is_told(("ready", True))
        own_s3.process.resume()
        await is_told(("ready", False))


async def test_an_asset_is_delivered_whole_with_headers_that_keep_it_harmless(library: Library) -> None:
    content = os.urandom(3_000_000)
    path = await library.put(content)
    async with library.door.client.get(path) as response:
        assert await response.read() == content
    name = path.rpartition("/")[2]
    expected = {
        "Content-Type": "image/png",
        "Content-Length": "3000000",
        "Content-Disposition": f'inline; filename="{name}"',
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": HARMLESS,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, max-age=300",
        "Server": "Flexura",
    }
    assert response.status == 200
    assert {header: response.headers[header] for header in expected} == expected
    assert response.headers["ETag"] == f'"{asset_of(content).sha256}"'
    # Who has the link may show it, on every page.
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("given", "part", "shown"),
    [
        ("bytes=0-0", slice(0, 1), "bytes 0-0/1000"),
        ("bytes=10-19", slice(10, 20), "bytes 10-19/1000"),
        ("bytes=990-", slice(990, 1000), "bytes 990-999/1000"),
        ("bytes=-5", slice(995, 1000), "bytes 995-999/1000"),
        ("bytes=500-5000", slice(500, 1000), "bytes 500-999/1000"),
    ],
)
async def test_a_range_is_delivered_as_that_part(library: Library, given: str, part: slice, shown: str) -> None:
    content = os.urandom(1000)
    path = await library.put(content)
    async with library.door.client.get(path, headers={"Range": given}) as response:
        assert response.status == 206
        assert response.headers["Content-Range"] == shown
        assert await response.read() == content[part]


async def test_a_range_behind_the_end_is_416_with_the_size(library: Library) -> None:
    path = await library.put(bytes(1000))
    async with library.door.client.get(path, headers={"Range": "bytes=1000-"}) as response:
        assert (response.status, (await response.json())["code"]) == (416, "range_not_satisfiable")
        assert response.headers["Content-Range"] == "bytes */1000"


async def test_ranges_that_make_one_part_are_delivered_as_that_part(library: Library) -> None:
    content = os.urandom(1000)
    path = await library.put(content)
    for given, first in (("bytes=0-1,2-6", 0), ("bytes=100-9223372036854775807", 100)):
        async with library.door.client.get(path, headers={"Range": given}) as response:
            part = await response.read()
            assert (response.status, part) == (206, content[first : first + len(part)])
            assert response.headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/1000"


async def test_several_ranges_are_answered_with_the_whole(library: Library) -> None:
    path = await library.put(bytes(1000))
    async with library.door.client.get(path, headers={"Range": "bytes=0-1,5-6"}) as response:
        assert (response.status, len(await response.read())) == (200, 1000)


async def test_a_range_counts_only_for_the_state_it_belongs_to(library: Library) -> None:
    path = await library.put(bytes(1000))
    async with library.door.client.get(path) as response:
        etag = response.headers["ETag"]
    for tag, status in ((etag, 206), ('"another"', 200)):
        async with library.door.client.get(path, headers={"Range": "bytes=0-9", "If-Range": tag}) as response:
            assert response.status == status


async def test_what_the_client_has_already_is_not_sent_again(library: Library) -> None:
    path = await library.put(bytes(1000))
    async with library.door.client.get(path) as response:
        etag = response.headers["ETag"]
    async with library.door.client.get(path, headers={"If-None-Match": etag}) as response:
        assert (response.status, await response.read()) == (304, b"")
        assert response.headers["ETag"] == etag


async def test_head_tells_the_size_and_sends_nothing(library: Library) -> None:
    path = await library.put(bytes(1000))
    async with library.door.client.head(path) as response:
        assert (response.status, await response.read()) == (200, b"")
        assert response.headers["Content-Length"] == "1000"
    async with library.door.client.head(path, headers={"Range": "bytes=0-9"}) as response:
        # RFC 9110, 14.2: a range is defined for GET alone.
        assert (response.status, response.headers["Content-Length"]) == (200, "1000")
        assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/javascript", "", "image/png; x=y"])
async def test_a_type_that_could_run_is_offered_for_saving(library: Library, content_type: str) -> None:
    path = await library.put(b"<script>alert(1)</script>", content_type, "html")
    async with library.door.client.get(path) as response:
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment; ")
        assert response.headers["Content-Security-Policy"].startswith("sandbox")


async def test_an_empty_asset_is_delivered(library: Library) -> None:
    path = await library.put(b"")
    async with library.door.client.get(path) as response:
        assert (response.status, await response.read()) == (200, b"")
        assert response.headers["Content-Length"] == "0"


@pytest.mark.parametrize("name", ["none.png", "none", ".png", "a.", "a%00.png", "a" * 90 + ".png"])
async def test_no_such_asset_is_404(library: Library, name: str) -> None:
    async with library.door.client.get(f"{library.door.url}/api/assets/{name}") as response:
        assert (response.status, (await response.json())["code"]) == (404, "asset_not_found")


async def test_an_asset_that_the_store_has_lost_is_410(library: Library) -> None:
    job_id = new_uuid7()
    library.name(job_id, "assets/never-there", b"content", "image/png", "png")
    for headers in ({}, {"Range": "bytes=2-3"}):
        async with library.door.client.get(f"/api/assets/{job_id}.png", headers=headers) as response:
            body = await response.json()
        assert (response.status, body["code"], body["retryable"]) == (410, "asset_lost", False)


async def test_an_asset_that_the_store_names_and_cannot_read_is_told_to_the_jobs_service(
    services: Peers, tmp_path: Path
) -> None:
    async with (
        lying_s3(tmp_path / "liar") as liar,
        edge(services, s3=liar.settings) as door,
        blobs(liar.settings) as store,
    ):
        path = await Library(door, store, tmp_path).put(b"content")
        liar.fails.add(services.jobs.assets[path.rpartition("/")[2]].object_key)
        async with door.client.get(path) as response:
            body = await response.json()
    assert (response.status, body["code"]) == (410, "asset_lost")


async def test_an_asset_that_the_jobs_service_finds_all_the_same_may_be_asked_for_again(library: Library) -> None:
    job_id = new_uuid7()
    library.name(job_id, "assets/found-again", b"content", "image/png", "png")
    async with library.door.client.get(f"/api/assets/{job_id}.png") as response:
        body = await response.json()
    assert (response.status, body["code"], body["retryable"]) == (503, "service_unavailable", True)


async def test_bytes_that_are_not_the_ones_that_were_recorded_are_not_passed_on(library: Library) -> None:
    path = await library.put(bytes(1000))
    stored = library.door.peers.jobs.assets[path.rpartition("/")[2]]
    stored.asset.size_bytes = 2000
    async with library.door.client.get(path) as response:
        assert (response.status, (await response.json())["code"]) == (503, "service_unavailable")


async def test_a_store_that_is_away_is_503(door: Edge) -> None:
    job_id = new_uuid7()
    door.peers.jobs.assets[f"{job_id}.png"] = jobs_service_pb2.StoredAsset(object_key="k", asset=asset_of(b"content"))
    async with door.client.get(f"/api/assets/{job_id}.png") as response:
        body = await response.json()
    assert (response.status, body["code"], body["retryable"]) == (503, "service_unavailable", True)


async def test_a_store_that_dies_in_mid_stream_ends_the_download_short_and_not_whole(
    services: Peers, own_s3: S3Server, tmp_path: Path
) -> None:
    settings = own_s3.settings
    async with edge(services, s3=settings) as door, blobs(settings) as store:
        path = await Library(door, store, tmp_path).put(bytes(64 << 20))
        async with door.client.get(path) as response:
            assert response.status == 200
            await response.content.readexactly(1 << 20)
            await own_s3.process.kill()
            with pytest.raises(Exception, match=r"(?i)payload|connection|disconnect"):
                await response.read()
        async with door.client.get(path) as response:
            assert response.status == 503


async def test_a_client_that_goes_away_ends_the_stream_from_the_store(library: Library) -> None:
    path = await library.put(bytes(64 << 20))
    store_port = int(library.blobs._client._base_url.host.rpartition(":")[2])  # noqa: SLF001
    before = connections_to(store_port)
    reader, writer = await asyncio.open_connection("127.0.0.1", library.door.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await reader.readexactly(1 << 20)
    assert connections_to(store_port) > before
    writer.transport.abort()
    async with asyncio.timeout(5):
        while connections_to(store_port) > before:
            await asyncio.sleep(0.02)


async def test_downloads_beyond_the_limit_are_refused_and_the_limit_frees_itself(
    services: Peers, shared_s3: S3Server, tmp_path: Path
) -> None:
    settings = shared_s3.settings
    async with edge(services, s3=settings, streams_max=1) as door, blobs(settings) as store:
        path = await Library(door, store, tmp_path).put(bytes(64 << 20))
        async with door.client.get(path) as first:
            await first.content.readexactly(1)
            async with door.client.get(path) as second:
                assert (second.status, (await second.json())["code"]) == (503, "overloaded")
                assert second.headers["Retry-After"] == "1"
            assert len(await first.read()) == (64 << 20) - 1
        async with door.client.get(path) as third:
            assert len(await third.read()) == 64 << 20


def connections_to(port: int) -> int:
    """Counts this process's established connections to a local port."""
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    sockets = [row[9] for row in rows if row[2].endswith(f":{port:04X}") and row[3] == ESTABLISHED]
    mine = own_sockets()
    return sum(f"socket:[{inode}]" in mine for inode in sockets)


def own_sockets() -> set[str]:
    names = set()
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # The listing itself was one of them.
            names.add(str(link.readlink()))
    return names
