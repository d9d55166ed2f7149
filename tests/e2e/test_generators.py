"""Generators that go wrong fail plainly, while others go on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from servers.client import Client, client
from servers.installation import installation

import flexura_jobs

IMPATIENT_S = 3


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def impatient(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, str]]:
    """An installation whose own catalog gives the test card little time."""
    folder = tmp_path_factory.mktemp("impatient")
    catalog = yaml.safe_load((Path(flexura_jobs.__file__).parent / "catalog.yaml").read_text())
    for model in catalog["models"]:
        model["timeout_s"] = IMPATIENT_S
    (folder / "catalog.yaml").write_text(yaml.safe_dump(catalog))
    async with installation(folder, FLEXURA_CATALOG_FILE=str(folder / "catalog.yaml")) as started:
        yield started.url, started.key


@pytest_asyncio.fixture
async def api(impatient: tuple[str, str]) -> AsyncIterator[Client]:
    async with client(*impatient) as connected:
        yield connected


@pytest.mark.parametrize(
    ("fail", "code"),
    [
        ("crash", "generator_crashed"),
        ("hang", "deadline_exceeded"),
        ("empty", "provider_returned_nothing"),
        ("refuse", "provider_refused"),
        ("error", "provider_failed"),
    ],
)
async def test_generator_that_goes_wrong_fails_plainly_while_others_go_on(api: Client, fail: str, code: str) -> None:
    wrong = await api.submit("image", "goes wrong", fail=fail, width=64, height=64)
    others = [await api.submit("image", f"goes on {number}", width=64, height=64) for number in range(5)]
    assert {job["status"] for job in await api.all_finished(others, within_s=40)} == {"completed"}
    job = await api.finished(wrong, within_s=60)
    assert job["status"] == "failed"
    assert job["code"] == code
    assert job["type"] == "image"
    assert " " in job["error"].strip()
    assert "Traceback" not in job["error"]
