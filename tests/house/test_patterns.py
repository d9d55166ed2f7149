"""No regular expression uses what an interpreter that we support gets wrong.

Possessive quantifiers and atomic groups came with Python 3.11 and match wrongly around alternatives until 3.11.5 and
3.12.0 (python/cpython#106052). Debian 12 has 3.11.2.
"""

import ast
import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from .tree import files, text

PYTHON = [path for path in files() if path.suffix == ".py" and path.parts[0] != "tests"]
REFUSED = {_constants.POSSESSIVE_REPEAT: "a possessive quantifier", _constants.ATOMIC_GROUP: "an atomic group"}
UNKNOWN = "x"  # Stands for a part that only the running program knows.


def faults_of_patterns(source: str) -> list[str]:
    """Names what is wrong with the patterns that a module hands to `re`."""
    tree = ast.parse(source)
    constants = {
        target.id: value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for name in node.targets
        for target, value in targets(name, node.value)
    }
    return [
        f"line {call.lineno}: {fault}"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and is_of_re(call.func) and call.args
        for fault in faults_of(pattern_of(call.args[0], constants))
    ]


def targets(name: ast.expr, value: ast.expr) -> Iterator[tuple[ast.Name, ast.expr]]:
    """The names of an assignment, each with its own value."""
    if isinstance(name, ast.Name):
        yield name, value
    elif isinstance(name, ast.Tuple) and isinstance(value, ast.Tuple):
        for inner, part in zip(name.elts, value.elts, strict=False):
            yield from targets(inner, part)


def is_of_re(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re"


def pattern_of(node: ast.expr, constants: dict[str, ast.expr]) -> str:
    """The text of a pattern as far as the source tells it."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.Constant(value=bytes(value)):
            return value.decode("latin-1")
        case ast.Name(id=name) if name in constants:
            return pattern_of(constants[name], {other: value for other, value in constants.items() if other != name})
    parts = parts_of(node)
    return "".join(pattern_of(part, constants) for part in parts) if parts else UNKNOWN


def parts_of(node: ast.expr) -> list[ast.expr]:
    """The expressions whose texts are joined to that of this one."""
    match node:
        case ast.JoinedStr(values=parts):
            return parts
        case ast.FormattedValue(value=value):
            return [value]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [left, right]
    return []


def faults_of(pattern: str) -> Iterator[str]:
    try:
        parsed = _parser.parse(pattern)
    except re.error as error:
        yield f"{pattern!r} cannot be read: {error}"
        return
    yield from (f"{pattern!r} has {REFUSED[found]}" for found in operations(parsed) if found in REFUSED)


def operations(parsed: Any) -> Iterator[Any]:
    """Every operation of a parsed pattern, however deep."""
    if isinstance(parsed, _parser.SubPattern):
        parsed = parsed.data
    if isinstance(parsed, list | tuple):
        for part in parsed:
            yield from operations(part)
    elif isinstance(parsed, type(_constants.LITERAL)):
        yield parsed


def test_no_pattern_uses_what_old_interpreters_get_wrong() -> None:
    assert {str(path): faults for path in PYTHON if (faults := faults_of_patterns(text(path)))} == {}


@pytest.mark.parametrize(
    "source",
    [
        'import re\nre.compile(r"a*+")',
        'import re\nre.compile(rf"(?:[{A}]++|b)c")',
        'import re\nre.sub("a?+", "", x)',
        'import re\nre.findall("(?:b|(?>a|ab))", x)',
        'import re\nA, B = "x", "y{2,3}+"\nre.compile(A + B)',
        'import re\ndef f():\n    return re.split(b"(a++)", b"")',
        'import re\nPART = "(?>a)"\nre.compile(f"{PART}b")',
    ],
)
def test_a_pattern_that_old_interpreters_get_wrong_is_noticed(source: str) -> None:
    assert faults_of_patterns(source)


@pytest.mark.parametrize(
    "source",
    [
        'import re\nre.compile(r"a+\\+")',
        'import re\nre.compile("[*+]+[?+]")',
        'import re\nre.sub("a+b*c?", "*+", x)',
        'import re\nre.compile(f"[{x}]+(?=y)")',
    ],
)
def test_a_pattern_that_all_get_right_is_let_pass(source: str) -> None:
    assert faults_of_patterns(source) == []
