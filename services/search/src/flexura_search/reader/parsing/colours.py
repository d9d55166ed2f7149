"""Colours of style sheets, and whether a person tells two of them apart."""

import re
from functools import lru_cache
from typing import NamedTuple

from tinycss2 import color3

HEX = re.compile(r"#([0-9a-f])([0-9a-f])([0-9a-f])([0-9a-f])|#([0-9a-f]{6})([0-9a-f]{2})")
FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)")
COLOUR_IN_BACKGROUND = re.compile(r"#[0-9a-f]{3,8}\b|(?:rgb|hsl)a?\([^()]*\)|\b[a-z]+\b")
CONTRAST_MIN = 1.2  # #e8e8e8 on white; nobody reads what contrasts less, and no design means it to be read.
ALPHA_MIN = 0.1
LINEAR_MAX = 0.04045  # Below it, sRGB is a straight line.


class Colour(NamedTuple):
    red: float
    green: float
    blue: float
    alpha: float = 1.0


BLACK = Colour(0, 0, 0)
WHITE = Colour(1, 1, 1)
LINK = Colour(0, 0, 0.93)


@lru_cache(4096)
def colour(value: str) -> Colour | None:
    """Reads a colour in lower case; None where it is none, or one that is not understood."""
    value = value.strip()
    found = color3.parse_color(_rewritten(value)) if value else None
    return Colour(*found) if isinstance(found, tuple) else None


@lru_cache(4096)
def background(value: str) -> Colour | None:
    """The colour in a `background`, or None where there is none or a picture covers it."""
    if "url(" in value or "gradient(" in value or "image" in value:
        return None
    return next((found for part in COLOUR_IN_BACKGROUND.findall(value) if (found := colour(part))), None)


@lru_cache(4096)
def is_told_apart(text: Colour, behind: Colour) -> bool:
    if text.alpha < ALPHA_MIN:
        return False
    light, dark = sorted((_luminance(_over(text, behind)), _luminance(behind)), reverse=True)
    return (light + 0.05) / (dark + 0.05) >= CONTRAST_MIN


def _over(above: Colour, below: Colour) -> Colour:
    def mixed(one: float, other: float) -> float:
        return one * above.alpha + other * (1 - above.alpha)

    return Colour(mixed(above.red, below.red), mixed(above.green, below.green), mixed(above.blue, below.blue))


def _luminance(of: Colour) -> float:
    """As defined by WCAG 2."""
    red, green, blue = (
        part / 12.92 if part <= LINEAR_MAX else ((part + 0.055) / 1.055) ** 2.4 for part in map(_clipped, of[:3])
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _clipped(part: float) -> float:
    return min(1.0, max(0.0, part))


def _rewritten(value: str) -> str:
    """Writes what came with CSS Color 4 as the library reads it: eight digits, spaces for commas, alpha in per cent."""
    if digits := HEX.fullmatch(value):
        six = digits[5] or "".join(digit * 2 for digit in digits.groups()[:3])
        alpha = digits[6] or digits[4] * 2
        red, green, blue = (int(six[place : place + 2], 16) for place in (0, 2, 4))
        return f"rgba({red},{green},{blue},{int(alpha, 16) / 255:.3f})"
    if function := FUNCTION.fullmatch(value):
        parts = function[2].replace("/", " ").replace(",", " ").replace("deg", "").split()
        if len(parts) == 4:  # noqa: PLR2004 - three and the alpha.
            if parts[3].endswith("%"):
                parts[3] = str(_number(parts[3][:-1]) / 100)
            return f"{function[1]}a({','.join(parts)})"
        return f"{function[1]}({','.join(parts)})"
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
