"""docs/operations.md says what the settings classes say."""

import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"


def _check(script: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, script, "--check"], check=False, capture_output=True, text=True, timeout=60)


def test_tables_of_settings_are_up_to_date() -> None:
    checked = _check(DOCS / "render_settings.py")
    assert checked.returncode == 0, checked.stderr


def test_table_that_is_behind_is_found(tmp_path: Path) -> None:
    for name in ("render_settings.py", "operations.md"):
        (tmp_path / name).write_text((DOCS / name).read_text())
    page = tmp_path / "operations.md"
    page.write_text(page.read_text().replace("| `FLEXURA_SLOTS`", "| `FLEXURA_SLOT`"))
    assert _check(tmp_path / "render_settings.py").returncode == 1


def test_every_setting_says_what_it_is() -> None:
    rows = re.findall(r"^\| `(FLEXURA_\w+)` \|.*\| (.*) \|$", (DOCS / "operations.md").read_text(), re.MULTILINE)
    assert len(rows) > 40
    assert [name for name, text in rows if not text.strip()] == []
