"""Files that a crash leaves whole."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flexura_kit.files import DRAFT_SUFFIX, make_folder_durably, write_durably


def test_a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    write_durably(file, "one")
    write_durably(file, b"two")
    assert file.read_text() == "two"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_has_its_mode_whatever_it_had_before(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret"
    file.touch(0o666)
    write_durably(file, "x", mode)
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_a_write_that_fails_leaves_the_old_content_and_no_draft(tmp_path: Path) -> None:
    file = tmp_path / "folder"
    file.mkdir()
    (file / "inside").touch()
    with pytest.raises(OSError, match="folder"):
        write_durably(file, "x")
    assert (file / "inside").exists()
    assert not list(tmp_path.glob(f"*{DRAFT_SUFFIX}"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        write_durably(tmp_path / "missing" / "file", "x")


def test_folders_are_made_with_those_above_them(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_folder_durably(folder)
    make_folder_durably(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_write_that_finds_no_room_names_the_file_and_leaves_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    file.write_text("old")
    program = (
        "import resource, sys; from pathlib import Path; from flexura_kit.files import write_durably\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "write_durably(Path(sys.argv[1]), 'x' * 100)\n"
    )
    failed = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=False)

    assert failed.stderr.splitlines()[-1] == f"OSError: [Errno 27] File too large: '{file}'"
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
