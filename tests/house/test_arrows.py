"""Each import contract can fail: a wrong import, put into a copy of the tree, breaks the contract that is about it."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .tree import ROOT

SOURCES = [
    *sorted(ROOT.glob("services/*/src")),
    *sorted(ROOT.glob("libs/*/src")),
    *sorted(ROOT.glob("clients/*/src")),
    ROOT / "deploy/local/src",
]

STRAYS = {
    "services": ("flexura_kit/clock.py", "import flexura_auth.domain"),
    "kit": ("flexura_kit/errors.py", "import flexura_kit.rpc"),
    "admin": ("flexura_admin/output.py", "import flexura_admin.commands"),
    "auth": ("flexura_auth/domain.py", "import flexura_auth.store"),
    "edge": ("flexura_edge/recent.py", "import flexura_edge.http.jobs"),
    "jobs": ("flexura_jobs/ports.py", "import flexura_jobs.store"),
    "local": ("flexura_local/ports.py", "import flexura_local.home"),
    "media-worker": ("flexura_media_worker/domain.py", "import flexura_media_worker.slots"),
    "search": ("flexura_search/service/searches.py", "import flexura_search.rpc"),
    "inner": ("flexura_auth/domain.py", "import grpc"),
    "databases": ("flexura_edge/settings.py", "import sqlalchemy"),
    "generator": ("flexura_media_worker/frames.py", "import flexura_kit.rpc"),
}
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
EXHAUSTIVE = {contract["id"]: contract["containers"][0] for contract in CONTRACTS if contract.get("exhaustive")}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for source in SOURCES:
        shutil.copytree(source, tmp_path / "src", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_tree_keeps_every_contract(copy: Path) -> None:
    linted = lint(copy)

    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("contract", STRAYS)
def test_a_stray_import_breaks_its_contract(copy: Path, contract: str) -> None:
    module, stray = STRAYS[contract]
    assert (copy / "src" / module).is_file()
    with (copy / "src" / module).open("a") as file:
        file.write(f"\n{stray}\n")

    linted = lint(copy, "--contract", contract)

    assert linted.returncode == 1, linted.stdout
    assert "BROKEN" in linted.stdout


@pytest.mark.parametrize("contract", EXHAUSTIVE)
def test_a_stray_room_breaks_its_contract(copy: Path, contract: str) -> None:
    (copy / "src" / EXHAUSTIVE[contract] / "helpers.py").touch()

    linted = lint(copy, "--contract", contract)

    assert linted.returncode == 1, linted.stdout
    assert f"{EXHAUSTIVE[contract]}.helpers" in linted.stdout


def test_every_contract_is_proven_here_and_every_package_is_checked_whole() -> None:
    assert {contract["id"] for contract in CONTRACTS} == STRAYS.keys()
    assert set(EXHAUSTIVE.values()) == {path.name for source in SOURCES for path in source.glob("flexura_*")}
