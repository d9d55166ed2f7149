"""The pages for people point at what exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#]+)(#[^)]*)?\)")


def _missing(page: Path, text: str) -> list[str]:
    targets = [target for target, _ in LINK.findall(text) if "://" not in target]
    return [target for target in targets if not (page.parent / target).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert _missing(page, page.read_text()) == []


def test_link_that_leads_nowhere_is_found() -> None:
    assert _missing(ROOT / "README.md", "see [this](docs/architecture.md) and [that](docs/nowhere.md)") == [
        "docs/nowhere.md"
    ]


def test_readme_names_every_folder_that_holds_code() -> None:
    readme = (ROOT / "README.md").read_text()
    folders = [folder for folder in (ROOT / "services").iterdir() if (folder / "pyproject.toml").exists()]
    assert [folder.name for folder in folders if f"services/{folder.name}" not in readme] == []
