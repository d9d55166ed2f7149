"""MIME types in headers, extracted as the Fetch standard says: of several, the last that can be read counts."""

import re
from collections.abc import Iterable
from typing import NamedTuple

BLANKS = " \t\r\n"
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
ANYTHING = "*/*"


class MIMEType(NamedTuple):
    essence: str
    """Type and subtype in small letters, such as `text/html`."""
    charset: str = ""


def extracted(values: Iterable[str]) -> MIMEType | None:
    """The type that the headers `Content-Type` declare together; None where none of them can be read."""
    found: MIMEType | None = None
    charset = ""
    for value in members(", ".join(values)):
        declared = parsed(value)
        if declared is None or declared.essence == ANYTHING:
            continue
        if found is None or found.essence != declared.essence:
            charset = declared.charset
        # Said once of a type, it holds where the type is named again without one.
        found = MIMEType(declared.essence, declared.charset or charset)
    return found


def members(value: str) -> list[str]:
    """Splits at commas, except within quotes."""
    parts, start, is_quoted, is_escaped = [], 0, False, False
    for place, character in enumerate(value):
        if is_escaped:
            is_escaped = False
        elif is_quoted and character == "\\":
            is_escaped = True
        elif character == '"':
            is_quoted = not is_quoted
        elif character == "," and not is_quoted:
            parts.append(value[start:place])
            start = place + 1
    return [*parts, value[start:]]


def parsed(value: str) -> MIMEType | None:
    """One type with its parameters; None where it is only half a type."""
    essence, _, parameters = value.strip(BLANKS).partition(";")
    kind, slash, subtype = essence.rstrip(BLANKS).partition("/")
    if not slash or not TOKEN.fullmatch(kind) or not TOKEN.fullmatch(subtype):
        return None
    return MIMEType(f"{kind}/{subtype}".lower(), charset_of(parameters))


def charset_of(parameters: str) -> str:
    """The first charset among the parameters; empty where there is none."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip(BLANKS).partition("=")
        if name.lower() == "charset" and (charset := value.strip(BLANKS + '"')):
            return charset
    return ""
