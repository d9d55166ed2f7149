"""One spelling for each value of JSON, so that what means the same is the same wherever it is read or compared."""

import math
import re
from typing import Any

# Numbers are doubles to most readers of JSON (RFC 8259, 6): from here on they cannot tell whole ones apart.
EXACT_MAX = 1 << 53
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?", re.IGNORECASE)
DIGITS_MAX = 20  # Of an integer; more are no quantity that anybody asks for.


def plain(value: Any) -> Any:
    """Writes whole numbers without a fraction, `-0.0` as 0, and leaves out members of objects that are null."""
    if isinstance(value, float):
        return whole(value)
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return list(map(plain, value))
    return value


def whole(number: float) -> int | float:
    """The integer that is meant by 5.0; any other number is as it was."""
    return int(number) if number.is_integer() and abs(number) <= EXACT_MAX else number


def number_of(text: str) -> int | float | None:
    """Reads a decimal number, a whole one in whatever spelling as an integer; None where it is none, or infinite."""
    found = NUMBER.fullmatch(text)
    if found is None:
        return None  # Python takes more: nan, 1_000, digits of other scripts.
    if found[1] is None and found[2] is None and len(text) <= DIGITS_MAX:
        return int(text)
    number = float(text)
    return whole(number) if math.isfinite(number) else None
