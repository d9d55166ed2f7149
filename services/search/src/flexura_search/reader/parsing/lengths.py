"""Lengths of style sheets in pixels, as far as they can be told."""

import re

LENGTH = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(px|pt|pc|em|rem|ex|ch|vw|vh|vmin|vmax|in|cm|mm|q|%)?")
VIEWPORT_PX = 1280.0
ROOT_PX = 16.0
FAR_PX = 500.0
PX = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "q": 0.945, "rem": ROOT_PX}
VIEWPORT_UNITS = frozenset({"vw", "vh", "vmin", "vmax"})


def pixels(value: str, em_px: float = ROOT_PX, whole_px: float = VIEWPORT_PX) -> float | None:
    """Reads one length; None where it is none, or depends on what is not known."""
    found = LENGTH.fullmatch(value)
    if found is None:
        return _calculated(value, em_px, whole_px) if value.startswith(("calc(", "min(", "max(", "clamp(")) else None
    number, unit = float(found[1]), found[2]
    if unit is None:
        return number
    if unit in VIEWPORT_UNITS:
        return number * VIEWPORT_PX / 100
    if unit == "%":
        return number * whole_px / 100
    return number * PX.get(unit, em_px)


def far(value: str) -> bool:
    """Whether it moves something far to the left of, or above, all that can be scrolled to."""
    length = pixels(value)
    return length is not None and length <= -FAR_PX


def _calculated(value: str, em_px: float, whole_px: float) -> float | None:
    """Sums and products of lengths alone: the sign and the size are what is asked."""
    inner = value[value.index("(") + 1 :].rstrip(")")
    total, sign = 0.0, 1.0
    for part in re.split(r"\s+([+*-])\s+|\s*([*])\s*|,", inner.strip("( )")):
        match part:
            case None | "":
                continue
            case "+":
                sign = 1.0
            case "-":
                sign = -1.0
            case "*":
                sign, total = total * sign if total else sign, 0.0
            case _:
                length = pixels(part.strip("() "), em_px, whole_px)
                if length is None:
                    return None
                total, sign = total + sign * length, 1.0
    return total
