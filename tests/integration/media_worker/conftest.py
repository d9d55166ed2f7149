"""One plant per test, on the broker and the store that all tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from integration.media_worker.peers import Plant, Timing, plant
from servers.nats import NATSServer
from servers.s3 import S3Server


@pytest_asyncio.fixture
async def works(tmp_path: Path, shared_nats: NATSServer, shared_s3: S3Server) -> AsyncIterator[Plant]:
    async with plant(tmp_path, shared_nats, shared_s3, Timing(), ("image", "video", "audio")) as built:
        yield built
