"""Installing: what it says while it goes on, when it fails, and what it leaves for the next call."""

import os
import runpy
import socket
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "deploy/local/install.py"
WHEEL = "otter-1.0-py3-none-any.whl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout whose only requirement is a small wheel."""
    wheel = tmp_path / WHEEL
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("otter.py", "HANDS = 2\n")
        archive.writestr("otter-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: otter\nVersion: 1.0\n")
        archive.writestr("otter-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("otter-1.0.dist-info/RECORD", "otter.py,,\n")
    lock = f"otter==1.0 \\\n    --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n"
    (tmp_path / "requirements.lock").write_text(lock)
    return tmp_path


def installed(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.run(
        [sys.executable, PROGRAM, "--again", "make run", "requirements"],
        cwd=folder,
        env={**environment, "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", **settings},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_without_a_network_one_sentence_says_so_and_nothing_half_made_is_left(folder: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        done = installed(folder, PIP_INDEX_URL=f"http://127.0.0.1:{closed.getsockname()[1]}/simple")

    assert done.returncode == 1
    assert done.stderr == (
        "The package index does not answer. Connect to the network, or set PIP_INDEX_URL or HTTPS_PROXY, "
        "then call `make run` again.\n"
    )
    assert not (folder / ".venv").exists()


def test_it_says_how_far_it_is_and_an_interrupted_installation_begins_afresh(folder: Path) -> None:
    here = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
    done = installed(folder, **here)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "Installing Flexura into .venv: 1 packages"
    assert done.stdout.splitlines()[-1] == "  done"
    assert (folder / ".venv/run.stamp").exists()

    # What is left when pip is killed while it unpacks: a package that looks whole and is not.
    (module,) = (folder / ".venv").rglob("otter.py")
    module.unlink()
    (folder / ".venv/unfinished").touch()
    done = installed(folder, **here)

    assert done.returncode == 0, done.stderr
    assert module.exists()
    assert not (folder / ".venv/unfinished").exists()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n", "disk is full"),
        ("Could not fetch URL: SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed')\n", "PIP_CERT"),
        (
            "WARNING: Retrying after connection broken by 'ProxyError()'\nERROR: No matching distribution found\n",
            "network",
        ),
        ("WARNING: Retrying: [Errno -3] Temporary failure in name resolution\n", "network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n", "lock"),
        ("ERROR: No matching distribution found for av==19.0.2\n", "not made for this Python"),
        ("Collecting a\nERROR: of a kind nobody has seen\n", "of a kind nobody has seen"),
        ("", "pip failed"),
    ],
)
def test_what_pip_says_becomes_one_sentence(said: str, told: str) -> None:
    sentence = runpy.run_path(str(PROGRAM))["cause"](said.splitlines(keepends=True))

    assert told in sentence
    assert "\n" not in sentence
