"""One installation for all end-to-end tests that share one."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from servers.client import Client, client
from servers.installation import Installation, installation


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def flexura(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """Kill what you like: it heals. Leave nothing paused."""
    # Receivers of tests listen on this machine.
    settings = {"FLEXURA_WEBHOOKS_NETWORKS": "127.0.0.1/32"}
    async with installation(tmp_path_factory.mktemp("flexura"), **settings) as started:
        yield started


@pytest_asyncio.fixture
async def api(flexura: Installation) -> AsyncIterator[Client]:
    async with client(flexura.url, flexura.key) as connected:
        yield connected
