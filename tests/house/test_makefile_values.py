"""What a person gives to `make` arrives in the program as it was typed."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MAKE = shutil.which("make") or "/usr/bin/make"
ROOT = Path(__file__).parents[2]
# Writes down how it was called: its arguments, and the variables of its environment.
RECORDS = """#!/bin/sh
for word in "$@"; do printf '%s\\0' "$word"; done > {record}
cat /proc/self/environ > {record}.environment
"""
VALUES = (
    *("my laptop", "$HOME", "$(shell touch pwned)", "${HOME}", "$$", "a$b", "`touch pwned`", "$(touch pwned)"),
    *("it's", 'say "hi"', "a; touch pwned", "a && b | c > pwned", "a # b", "a\\b", "*", "~", "-x", "--", "=", "a=b"),
    # Spaces at the start make itself drops.
    *("two  spaces ", "tab\there", "two\nlines", "Müller's λ 🎨", "%s%n", "!x", "(", "\\", "'", '"'),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout in which everything is installed, and each program only writes down how it was called."""
    folder = tmp_path / "check out"
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    for needed in ("requirements", "requirements-dev", "requirements-bench"):
        (folder / f"{needed}.lock").touch()
    for project in ROOT.glob("**/pyproject.toml"):
        place = project.relative_to(ROOT)
        if ".venv" not in place.parts:
            (folder / place.parent).mkdir(parents=True, exist_ok=True)
            (folder / place).touch()
    for name in ("python", "flexura-admin", "pytest"):
        (programs / name).write_text(RECORDS.format(record="record"))
        (programs / name).chmod(0o755)
    for stamp in ("run", "dev", "bench"):
        (folder / ".venv" / f"{stamp}.stamp").touch()
    return folder


def _make(folder: Path, *words: str, **environment: str) -> tuple[list[str], dict[str, str]]:
    """Answers the arguments and the environment that the program was called with."""
    made = subprocess.run(
        [MAKE, *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert made.returncode == 0, made.stderr.decode()
    assert not list(folder.rglob("pwned"))
    arguments = (folder / "record").read_bytes().decode().split("\0")[:-1]
    pairs = (folder / "record.environment").read_bytes().decode().split("\0")
    return arguments, dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _ways(folder: Path, target: str, name: str, value: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    yield _make(folder, target, f"{name}={value}")
    yield _make(folder, target, **{name: value})


@pytest.mark.parametrize("value", VALUES)
def test_a_name_of_a_key_arrives_as_it_was_typed(folder: Path, value: str) -> None:
    for arguments, _ in _ways(folder, "key", "NAME", value):
        assert arguments == ["key", "create", f"--name={value}"]


@pytest.mark.parametrize("value", VALUES)
def test_every_setting_arrives_as_it_was_typed(folder: Path, value: str) -> None:
    for target in ("run", "stop", "status", "key"):
        for _, environment in _ways(folder, target, "FLEXURA_HOME", value):
            assert environment["FLEXURA_HOME"] == value


@pytest.mark.parametrize("value", VALUES)
def test_what_the_deeper_targets_take_arrives_as_it_was_typed(folder: Path, value: str) -> None:
    for _, environment in _ways(folder, "test-faults", "KINDS", value):
        assert environment["FAULTS_KINDS"] == value
    for name in ("SECONDS", "SEED"):
        for arguments, environment in _ways(folder, "test-faults", name, value):
            assert environment[f"FAULTS_{name}"] == value
            assert arguments == ["tests/faults"]
        for arguments, _ in _ways(folder, "fuzz", name, value):
            assert arguments == ["-m", "fuzz", f"--{name.lower()}={value}"]
    for arguments, _ in _ways(folder, "simulate", "SEED", value):
        assert arguments == ["-m", "simulator", "replay", value]
    for arguments, _ in _ways(folder, "soak", "MINUTES", value):
        assert arguments == ["-m", "bench.soak", value]


def test_what_is_not_given_has_its_default(folder: Path) -> None:
    assert _make(folder, "soak")[0] == ["-m", "bench.soak", "20"]
    assert _make(folder, "simulate")[0] == ["-m", "simulator", "replay", "0"]
    assert _make(folder, "fuzz")[0] == ["-m", "fuzz"]
    assert not any(name.startswith("FLEXURA_") for name in _make(folder, "run")[1])


def test_an_interruption_waits_until_the_program_can_take_it(folder: Path) -> None:
    # A shell would let it through again.
    python = f"#!{sys.executable}\nimport shutil; shutil.copyfile('/proc/self/status', 'status')\n"
    (folder / ".venv" / "bin" / "python").write_text(python)
    subprocess.run([MAKE, "run"], cwd=folder, timeout=60, check=True)
    status = (folder / "status").read_text()
    blocked = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk:"))
    assert blocked == 1 << (signal.SIGINT - 1)


def test_the_python_may_lie_in_any_folder(folder: Path) -> None:
    python = folder / "it's $my (python)"
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] && exec {shlex.quote(sys.executable)} "$@"\n'
        'for word in "$@"; do echo "$word"; done > installed\n'
    )
    python.chmod(0o755)
    (folder / ".venv" / "run.stamp").unlink()
    for words, environment in (([f"PYTHON={python}"], {}), ([], {"PYTHON": str(python)})):
        (folder / "record").write_bytes(b"")
        _make(folder, "key", *words, **environment)
        assert (folder / "installed").read_text().splitlines()[:3] == ["deploy/local/install.py", "--again", "make key"]


def test_a_python_that_is_not_there_is_named(folder: Path) -> None:
    (folder / ".venv" / "run.stamp").unlink()
    made = subprocess.run(
        [MAKE, "run", "PYTHON=no $such 'python'"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert made.returncode != 0
    assert "there is no no $such 'python'" in made.stdout
