"""Every module opens with one line that says what it holds, and no service knows another's name."""

import ast
import re

import pytest

from .tree import files, text

PYTHON = [path for path in files() if path.suffix == ".py"]
SERVICES = sorted({path.parts[1] for path in files() if path.parts[0] == "services"})


def fault_of_opening(source: str) -> str | None:
    """Says what is wrong with a module's first statement."""
    docstring = ast.get_docstring(ast.parse(source), clean=False)
    if docstring is None:
        return "it has no docstring"
    opening, _, rest = docstring.partition("\n")
    if not opening.endswith("."):
        return "its first line is no sentence"
    return "its first line is not set apart" if rest.strip() and not rest.startswith("\n") else None


def foreign_packages(source: str, own: str) -> set[str]:
    """Names the packages of other services that stand in the text."""
    others = {f"flexura_{name.replace('-', '_')}" for name in SERVICES if name != own}
    return others & set(re.findall(r"\bflexura_\w+", source))


def test_a_module_opens_with_one_line_that_says_what_it_holds() -> None:
    assert {str(path): fault for path in PYTHON if (fault := fault_of_opening(text(path)))} == {}


@pytest.mark.parametrize(
    "source", ["", "import os\n", '"""Two\nlines."""\n', '"""One line.\nAnd another."""\n', '"""Not a sentence"""\n']
)
def test_a_wrong_opening_is_noticed(source: str) -> None:
    assert fault_of_opening(source) is not None


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_names_no_other_services_package(service: str) -> None:
    mine = [path for path in files() if path.parts[:2] == ("services", service)]

    assert {str(path): found for path in mine if (found := foreign_packages(text(path), service))} == {}


def test_the_kit_names_no_services_package() -> None:
    mine = [path for path in files() if path.parts[:2] == ("libs", "kit")]

    assert {str(path): found for path in mine if (found := foreign_packages(text(path), ""))} == {}


def test_a_foreign_package_is_noticed_in_any_file() -> None:
    assert foreign_packages("module = flexura_jobs.store", "edge") == {"flexura_jobs"}
    assert foreign_packages("from flexura_media_worker import domain", "jobs") == {"flexura_media_worker"}
    assert foreign_packages("import flexura_jobs", "jobs") == set()
