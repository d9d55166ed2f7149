"""Uploads an object and reads it, as workers and edges do: a process with a wall clock of its own."""

import asyncio
import sys
from pathlib import Path

from flexura_edge.clients.store import store_client
from flexura_kit.blob import blobs
from flexura_kit.settings import BlobSettings

KEY = "jobs/clock/1.txt"
TIMEOUT_S = 10.0


async def use(settings: BlobSettings, file: Path, content: bytes) -> None:
    async with blobs(settings) as reading, store_client(settings, reading) as store:
        async with blobs(settings) as writing:
            await writing.upload_file(KEY, file, "text/plain")
        # On a client that knows nothing yet: a link is signed without asking the store.
        async with store.open_object(KEY, 0, len(content), TIMEOUT_S) as chunks:
            read = b"".join([bytes(chunk) async for chunk in chunks])
        assert read == content, read
    async with blobs(settings) as asking:
        assert (trouble := await asking.trouble()) is None, trouble


if __name__ == "__main__":
    asked, uploaded = BlobSettings.model_validate_json(sys.argv[1]), Path(sys.argv[2])
    asyncio.run(use(asked, uploaded, uploaded.read_bytes()))
