"""A power cut soon after a start leaves files empty or cut. The next start goes on; it never fails for ever."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.client import client
from servers.installation import Installation, installation

KEPT = ("db", "filerldb")  # The record, and the store's names of objects: nobody can make them anew.
KEPT_SUFFIXES = (".dat", ".idx", ".vif")
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half": lambda content: content[: len(content) // 2],
    "garbage": lambda content: os.urandom(len(content)),
}


@pytest.mark.heavy
@pytest.mark.timeout(400)
async def test_an_installation_starts_whatever_became_of_its_small_files(tmp_path: Path) -> None:
    async with installation(tmp_path) as flexura, client(flexura.url, flexura.key) as api:
        job = await api.finished(await api.submit("image", "kept", width=64, height=64))
    for damage in DAMAGES.values():
        damaged = damage_all(flexura.home.folder, damage)
        assert {"ports.json", "first-key", "nats-password"} <= {path.name for path in damaged}
        async with installation(tmp_path) as again, client(again.url, again.key) as api:
            await api.finished(await api.submit("image", "after the cut", width=64, height=64))
            # The new key is of the same account, and the asset is still in the store.
            await api.asset(await api.job(job["job_id"]))
            complaints(again)


def damage_all(home: Path, damage: Callable[[bytes], bytes]) -> list[Path]:
    files = [path for path in home.rglob("*") if path.is_file() and not path.is_symlink()]
    files = [path for path in files if path.suffix not in KEPT_SUFFIXES and not set(path.parts) & set(KEPT)]
    for file in files:
        file.write_bytes(damage(file.read_bytes()))
    return files


def complaints(flexura: Installation) -> None:
    assert "✗" not in flexura.printed, flexura.printed
