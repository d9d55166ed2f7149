"""Makes .venv and installs one set of requirements into it, with the sets that it builds on; `make` calls it."""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

SETS = ("requirements", "requirements-dev", "requirements-bench")
STAMPS = ("run.stamp", "dev.stamp", "bench.stamp")
TITLES = ("Flexura", "the checks", "the benchmark's peers")
VENV = Path(".venv")
# There while pip unpacks. When that is broken off, half a package may be left, which pip takes for a whole one, so the
# next call begins afresh; what was downloaded is in pip's cache.
UNFINISHED = VENV / "unfinished"
UNPACKING = "Installing collected packages"
LOG = Path(".make/install.log")
SECONDS_BETWEEN_LINES = 10  # In a log; on a terminal one line changes in place.

NO_NETWORK = "|".join(
    (
        *("NewConnectionError", "ConnectTimeout", "ReadTimeout", "NameResolutionError", "ProxyError", "ProtocolError"),
        *("Connection refused", "Network is unreachable", "Connection broken", "Read timed out"),
        *("Name or service not known", "Temporary failure in name resolution"),
    )
)
# What pip says, and what a person can do about it. The first that fits is told.
CAUSES = {
    "No space left on device|Disk quota exceeded": "The disk is full. Free 1 GB",
    "CERTIFICATE_VERIFY_FAILED": "The package index has an unknown certificate. Set PIP_CERT to those of your network",
    NO_NETWORK: "The package index does not answer. Connect to the network, or set PIP_INDEX_URL or HTTPS_PROXY",
    "DO NOT MATCH THE HASHES": "A package is not the one in the lock. Set PIP_INDEX_URL to an index that has it",
    "No matching distribution found|is not a supported wheel": (
        "A package is not made for this Python or processor. Set PYTHON to a Python from 3.11 to 3.14"
    ),
}


class InstallationError(Exception):
    """Tells a person in one sentence what is wrong and what to do first."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("set", choices=SETS)
    options.add_argument("--again", default="make", help="the command to call after mending what was wrong")
    options.add_argument("distributions", nargs="*", help="folders to install from this repository")
    chosen = options.parse_args()
    LOG.parent.mkdir(exist_ok=True)
    LOG.unlink(missing_ok=True)
    try:
        install(SETS.index(chosen.set), chosen.distributions)
    except InstallationError as error:
        remove_half_made()
        sys.exit(f"{error}, then call `{chosen.again}` again.")
    except KeyboardInterrupt:
        remove_half_made()
        sys.exit(f"\nInterrupted. `{chosen.again}` goes on with the installation.")


def install(last: int, distributions: list[str]) -> None:
    make_venv()
    for number in range(last + 1):
        stamp = VENV / STAMPS[number]
        if number < last and stamp.exists():
            continue
        lock = Path(f"{SETS[number]}.lock")
        arguments = ["--only-binary", ":all:", "--require-hashes", "-r", str(lock)]
        pip(arguments, Progress(f"Installing {TITLES[number]} into .venv", packages_in(lock)))
        if number == 0 and distributions:
            pip(["--no-deps", "--no-build-isolation", *(word for name in distributions for word in ("-e", name))])
        stamp.touch()


def make_venv() -> None:
    """Makes .venv where there is none that works."""
    if not UNFINISHED.exists() and (VENV / STAMPS[0]).exists() and (VENV / "bin/python").exists():
        return
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise InstallationError(
            f"{sys.executable} has no venv module. Install it (Debian, Ubuntu: apt-get install python3-venv)"
        )
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        said = (made.stderr or made.stdout).strip().splitlines() or ["no reason was given"]
        raise InstallationError(f"{Path.cwd() / VENV} could not be made ({said[-1]}). Mend that")


def remove_half_made() -> None:
    """A .venv that was never whole is in the way of other commands; one that was updated still works."""
    if UNFINISHED.exists() or not (VENV / STAMPS[0]).exists():
        shutil.rmtree(VENV, ignore_errors=True)


def pip(arguments: list[str], told: Callable[[str], None] = str) -> None:
    command = [str(VENV / "bin/python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    environment = {**os.environ, "PIP_PROGRESS_BAR": "off", "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}
    with (
        LOG.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            [*command, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        lines = []
        for line in process.stdout or ():
            log.write(line)
            lines.append(line)
            if line.startswith(UNPACKING):
                UNFINISHED.touch()
            told(line)
    if process.returncode != 0:
        raise InstallationError(cause(lines))
    UNFINISHED.unlink(missing_ok=True)


def cause(lines: Iterable[str]) -> str:
    """What was wrong, in one sentence that says what to do first."""
    said = "".join(lines)
    found = next((sentence for pattern, sentence in CAUSES.items() if re.search(pattern, said)), None)
    if found is not None:
        return found
    errors = [line.strip() for line in said.splitlines() if line.startswith("ERROR")] or said.splitlines()[-1:]
    return f"pip failed: {' '.join(errors)[:300]} Mend that (all that pip said is in {LOG})"


def packages_in(lock: Path) -> int:
    return len(re.findall(r"^[\w.-]+==", lock.read_text(encoding="utf-8"), flags=re.MULTILINE))


class Progress:
    """Tells how far pip is: in one line that changes on a terminal, in a few lines in a log."""

    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = total
        self._count = 0
        self._told = time.monotonic()
        self._terminal = sys.stdout.isatty()
        self._retries = 0
        print(f"{title}: {total} packages", flush=True)

    def __call__(self, line: str) -> None:
        if line.startswith("Ignoring "):  # For another Python or system.
            self._total -= 1
        elif match := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line):
            self._count += 1
            self._tell(f"fetching {self._count} of {self._total}: {match[1]}")
        elif line.startswith(UNPACKING):
            self._tell("unpacking, which takes a minute on a slow disk", important=True)
        elif "Retrying (" in line:
            self._retries += 1
            self._tell("the package index does not answer, trying again", important=self._retries == 1)
        elif line.startswith("Successfully installed"):
            self._tell("done", important=True)
            if self._terminal:
                print()

    def _tell(self, text: str, *, important: bool = False) -> None:
        if self._terminal:
            print(f"\r\033[K  {text}"[: shutil.get_terminal_size().columns + 3], end="", flush=True)
        elif important or time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            print(f"  {text}", flush=True)


if __name__ == "__main__":
    main()
