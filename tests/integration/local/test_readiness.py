"""Whether a disk has room, by its bytes and by its files."""

import os
from pathlib import Path

import pytest

from flexura_local.readiness import has_room


@pytest.mark.parametrize(("size_bytes", "files", "fits"), [(1, 1, True), (1 << 60, 1, False), (1, 1 << 60, False)])
def test_a_disk_has_room_where_both_bytes_and_files_fit(
    tmp_path: Path, size_bytes: int, files: int, fits: bool
) -> None:
    counts_files = os.statvfs(tmp_path).f_files > 0
    assert has_room(tmp_path, size_bytes, files) == (fits or (size_bytes == 1 and not counts_files))
