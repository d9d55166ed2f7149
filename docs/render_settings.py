#!/usr/bin/env python3
"""Writes the settings tables of docs/operations.md from the settings classes; `--check` fails where they differ."""

import importlib
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from flexura_kit.setting_errors import PREFIX
from flexura_kit.settings import Group

PAGE = Path(__file__).with_name("operations.md")
TABLE = re.compile(r"(<!-- settings: (\w+)\.(\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    page = PAGE.read_text()
    rendered = TABLE.sub(lambda found: found[1] + table(found[2], found[3]) + found[4], page)
    if "--check" in sys.argv:
        return 0 if rendered == page else fail("docs/operations.md is behind the settings: run make docs")
    PAGE.write_text(rendered)
    return 0


def table(package: str, name: str) -> str:
    settings = getattr(importlib.import_module(f"{package}.settings"), name)
    rows = "".join(f"| `{variable}` | {default} | {text} |\n" for variable, default, text in fields(settings, PREFIX))
    return f"\n| variable | default | what it is |\n|---|---|---|\n{rows}\n"


def fields(settings: Any, prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, Group):
            yield from fields(group, f"{prefix}{name}_")
        else:
            text = " ".join(textwrap.dedent(field.description or "").split())
            yield f"{prefix}{name}".upper(), shown(field), text


def shown(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    if field.default_factory is not None or field.default is PydanticUndefined:
        return "cores"
    default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{default}`" if default not in {"", None} else ""


def fail(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
