"""One edge per test, before scripted services of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from integration.edge.peers import Edge, Peers, edge, peers


@pytest_asyncio.fixture
async def services(tmp_path: Path) -> AsyncIterator[Peers]:
    async with peers(tmp_path) as started:
        yield started


@pytest_asyncio.fixture
async def door(services: Peers) -> AsyncIterator[Edge]:
    async with edge(services) as started:
        yield started
