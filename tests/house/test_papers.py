"""What the Makefile, the locks and the README promise of themselves."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from .tree import ROOT, files, text

LOCKS = [path for path in files() if path.suffix == ".lock"]
README_LINES_MAX = 150
FILE_BYTES_MAX = 1_000_000  # Everybody who clones the repository downloads each version of a file for ever.
FOLDERS = sorted({path.parts[0] for path in files() if len(path.parts) > 1})


def targets_without_help(makefile: str) -> list[str]:
    """Names the targets that a person may call and that `make` does not explain; stamps are no such targets."""
    rules = re.findall(r"^([a-z][a-z0-9-]*):(?!=)(.*)$", makefile, flags=re.MULTILINE)
    return [target for target, rest in rules if "## " not in rest]


def unhashed(lock: str) -> list[str]:
    """Names the requirements of a lock that have no hash."""
    requirements = re.split(r"\n(?=\S)", lock.strip())
    return [entry.split()[0] for entry in requirements if entry and "--hash=sha256:" not in entry]


def addresses(lock: str) -> list[str]:
    """Finds everything in a lock that says where to download from."""
    return re.findall(r"\S*(?:://|--index|--extra-index|--find-links|@ )\S*", lock)


def missing_files(markdown: str, page: Path) -> list[str]:
    """Finds links and paths in a page that lead nowhere; a path with a `<` or `*` in it stands for many."""
    links = re.findall(r"\]\((?!\w+:)([^)#\s]+)", markdown)
    paths = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`", markdown)
    gone = [link for link in links if not (ROOT / page.parent / link).exists()]
    return gone + [path for path in paths if not (ROOT / path).exists()]


def test_make_explains_every_target() -> None:
    assert targets_without_help(text(Path("Makefile"))) == []


def test_a_target_without_help_is_noticed() -> None:
    makefile = "run: stamp ## Run it.\n\techo\nfix-all: run\ntest-e2e: run\nBIN := x\n.venv/stamp: lock\n"

    assert targets_without_help(makefile) == ["fix-all", "test-e2e"]


def test_make_alone_lists_every_target() -> None:
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout  # noqa: S607 - make is where the person has it.
    targets = re.findall(r"^([a-z][a-z0-9-]*):(?!=)", text(Path("Makefile")), flags=re.MULTILINE)

    assert re.findall(r"^  (\S+)", printed, flags=re.MULTILINE) == targets


@pytest.mark.parametrize("lock", LOCKS, ids=str)
def test_a_lock_has_hashes_and_no_addresses(lock: Path) -> None:
    assert unhashed(text(lock)) == []
    assert addresses(text(lock)) == []


def test_the_locks_are_found() -> None:
    assert {lock.name for lock in LOCKS} >= {"requirements.lock", "requirements-dev.lock"}


def test_an_unhashed_requirement_and_an_address_are_noticed() -> None:
    good = "a==1 \\\n    --hash=sha256:00\n"

    assert unhashed(good + "b==2\nc==3 \\\n    --hash=sha256:11\n") == ["b==2"]
    assert unhashed(good) == []
    assert addresses("--index-url https://example.org/simple\n" + good)
    assert addresses("a @ file:///tmp/a.whl\n")
    assert addresses(good) == []


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < README_LINES_MAX


def too_large(paths: Iterable[Path], bytes_max: int = FILE_BYTES_MAX) -> list[str]:
    """Names the files that no repository should carry: downloads, builds, recordings."""
    return [str(path) for path in paths if (ROOT / path).stat().st_size > bytes_max]


def test_no_file_is_too_large_to_be_cloned() -> None:
    assert too_large(files()) == []


def test_a_file_that_is_too_large_is_noticed() -> None:
    assert too_large([Path("README.md"), Path("LICENSE")], bytes_max=10_000) == ["LICENSE"]


def test_the_pages_name_no_file_that_is_not_there() -> None:
    pages = [path for path in files() if path.suffix == ".md"]

    assert {str(page): missing for page in pages if (missing := missing_files(text(page), page))} == {}


def test_a_file_that_is_not_there_is_noticed() -> None:
    page = Path("docs/page.md")

    assert missing_files("see [it](adr/none.md) and `services/auth/none.py`", page) == [
        "adr/none.md",
        "services/auth/none.py",
    ]
    assert missing_files("see [it](../README.md#top), [there](https://example.org) and `docs/`", page) == []
