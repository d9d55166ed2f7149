"""Whether browsers take a value for a property: they drop a declaration with an invalid value."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from flexura_search.reader.parsing.colours import colour
from flexura_search.reader.parsing.lengths import FAR_PX, LENGTH, pixels


class Verdict(IntEnum):
    INVALID = 0
    DOUBTFUL = 1
    """It may be valid, and what it comes to is not known here."""
    VALID = 2


Weight = tuple[bool, tuple[int, int, int], int]
Check = Callable[[str], Verdict]

OF_ALL = frozenset({"inherit", "initial", "unset", "revert"})
DISPLAYS_NAMES = (
    "none block inline inline-block flex inline-flex grid inline-grid table inline-table table-row-group "
    "table-header-group table-footer-group table-row table-cell table-column-group table-column table-caption "
    "list-item flow flow-root contents ruby ruby-text math -webkit-box -webkit-inline-box -webkit-flex "
    "-webkit-inline-flex"
)
DISPLAYS = frozenset(DISPLAYS_NAMES.split())
DISPLAY_PAIR = re.compile(
    r"(?:block|inline) (?:flow|flow-root|table|flex|grid|ruby|math)|(?:flow|flow-root|table|flex|grid) (?:block|inline)"
)
SIZES = frozenset({"auto", "min-content", "max-content", "fit-content"})
FONT_SIZES = frozenset(
    {"xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large", "xxx-large", "smaller", "larger", "math"}
)
BOXES = frozenset({"border-box", "padding-box", "content-box", "text"})
BACKGROUND_NAMES = (
    "none transparent currentcolor repeat repeat-x repeat-y no-repeat space round scroll fixed local left right top "
    "bottom center auto cover contain"
)
BACKGROUND_WORDS = BOXES.union(BACKGROUND_NAMES.split())
SYSTEM_COLOURS_NAMES = (
    "canvas canvastext linktext visitedtext activetext buttonface buttontext buttonborder field fieldtext highlight "
    "highlighttext selecteditem selecteditemtext mark marktext graytext accentcolor accentcolortext"
)
SYSTEM_COLOURS = frozenset(SYSTEM_COLOURS_NAMES.split())
COLOUR_FUNCTIONS = re.compile(r"(?:color|color-mix|light-dark|contrast-color|device-cmyk)\(")
PICTURES = re.compile(r"(?:url|image|image-set|-webkit-image-set|cross-fade|element|[a-z-]*gradient)\(.*\)")
MATHS = re.compile(
    r"(?:calc|min|max|clamp|round|mod|rem|sin|cos|tan|abs|sign|hypot|pow|sqrt|exp|log|anchor|anchor-size|fit-content"
    r"|calc-size)\(.*\)"
)
SUBSTITUTED = re.compile(r"\b(?:var|env|attr|if)\(|^revert-layer$")
UNIT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[a-z]+")
NUMBER = r"[+-]?(?:\d*\.\d+|\d+)(?:e[+-]?\d+)?"
AMOUNT = rf"{NUMBER}(?:[a-z]+|%)?"
AMOUNTS = rf"\s*{AMOUNT}(?:(?:\s*,\s*|\s+){AMOUNT})*\s*"
COLOUR_SPACES = re.compile(
    rf"(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\((?:.*\(|\s*from |(?:\s*/?\s*(?:{AMOUNT}|none)(?=[\s/)])){{3,4}}\s*\)$)"
)
OPACITY = re.compile(rf"{NUMBER}%?")
RECT = re.compile(rf"rect\(\s*(?:{AMOUNT}|auto)(?:(?:\s*,\s*|\s+)(?:{AMOUNT}|auto)){{3}}\s*\)")
SHAPE = re.compile(
    rf"(?:inset\(\s*{AMOUNT}(?:\s+{AMOUNT}){{0,3}}(?:\s+round\s+[^()]*)?\s*\)"
    rf"|circle\((?:\s*{AMOUNT})?(?:\s*at\s+[^()]*)?\s*\)"
    rf"|ellipse\((?:\s*{AMOUNT}\s+{AMOUNT})?(?:\s*at\s+[^()]*)?\s*\)"
    rf"|polygon\((?:\s*(?:nonzero|evenodd)\s*,)?\s*{AMOUNT}\s+{AMOUNT}(?:\s*,\s*{AMOUNT}\s+{AMOUNT})*\s*\))"
    r"(?: (?:border|padding|content|margin)-box)?"
)
CALLED = re.compile(r"[a-z-]+\(.*\)(?: [a-z-]+)?|[a-z-]+-box [a-z-]+\(.*\)")
TRANSFORM = re.compile(
    rf"(?:(?:translate(?:x|y|z|3d)?|scale(?:x|y|z|3d)?|rotate(?:x|y|z|3d)?|skew(?:x|y)?|matrix(?:3d)?|perspective)"
    rf"\({AMOUNTS}\) ?)+"
)
FILTER = re.compile(r"(?:(?:blur|brightness|contrast|grayscale|invert|opacity|saturate|sepia|hue-rotate)\([^()]*\) ?)+")
FONT = re.compile(
    rf"(?:(?:normal|italic|oblique|small-caps|bold|bolder|lighter|\d{{1,4}}|[a-z]+-condensed|[a-z]+-expanded|condensed"
    rf"|expanded) )*(?:{AMOUNT}|{'|'.join(sorted(FONT_SIZES))})(?: ?/ ?(?:normal|{AMOUNT}))? [a-z\"'-].*"
)
FONTS = frozenset({"caption", "icon", "menu", "message-box", "small-caption", "status-bar"})
HIDING_PX = 1.0


@dataclass(slots=True)
class Declared:
    """The strongest value for a property, and the strongest among those whose effect is not known."""

    known: tuple[Weight, str] | None = None
    doubtful: tuple[Weight, str] | None = None

    def add(self, weight: Weight, value: str, verdict: Verdict) -> None:
        if verdict is Verdict.VALID and (self.known is None or self.known[0] <= weight):
            self.known = (weight, value)
        elif verdict is Verdict.DOUBTFUL and (self.doubtful is None or self.doubtful[0] <= weight):
            self.doubtful = (weight, value)


@lru_cache(8192)
def judged(name: str, value: str) -> Verdict:
    """Judges a value in lower case; a custom property takes all."""
    if name.startswith("--") or value in OF_ALL:
        return Verdict.VALID
    if not value or "!" in value or not value.isascii():
        return Verdict.INVALID
    if SUBSTITUTED.search(value):
        return Verdict.DOUBTFUL
    return CHECKS[name](value)


def may_hide(name: str, value: str) -> bool:
    """Whether a doubtful value is one that hides, as `left: -9999` does on an old page."""
    length = pixels(value)
    if length is None:
        return False
    if name in {"width", "height", "max-width", "max-height", "font-size", "line-height"}:
        return length <= HIDING_PX
    return abs(length) >= FAR_PX


def _words(*words: str) -> Check:
    taken = frozenset(words)
    return lambda value: Verdict.VALID if value in taken else Verdict.INVALID


def _pattern(pattern: re.Pattern[str], *words: str, otherwise: re.Pattern[str] = MATHS) -> Check:
    def check(value: str) -> Verdict:
        if value in words or pattern.fullmatch(value):
            return Verdict.VALID
        return Verdict.DOUBTFUL if otherwise.fullmatch(value) else Verdict.INVALID

    return check


def _length(words: frozenset[str] = frozenset(), *, is_signed: bool = False, has_numbers: bool = False) -> Check:
    def check(value: str) -> Verdict:
        if value in words:
            return Verdict.VALID
        found = LENGTH.fullmatch(value)
        if found is None:
            return _calculated(value)
        if not is_signed and float(found[1]) < 0:
            return Verdict.INVALID
        # Old pages may leave the unit out, and new ones may not.
        return Verdict.VALID if found[2] or has_numbers or float(found[1]) == 0 else Verdict.DOUBTFUL

    return check


def _calculated(value: str) -> Verdict:
    if UNIT.fullmatch(value):
        return Verdict.DOUBTFUL
    if not MATHS.fullmatch(value):
        return Verdict.INVALID
    is_plain = value.startswith("calc(") and value.count("(") == 1 and pixels(value) is not None
    return Verdict.VALID if is_plain else Verdict.DOUBTFUL


def _display(value: str) -> Verdict:
    return Verdict.VALID if value in DISPLAYS or DISPLAY_PAIR.fullmatch(value) else Verdict.INVALID


def _colour(value: str) -> Verdict:
    if value == "currentcolor" or colour(value):
        return Verdict.VALID
    is_known = value in SYSTEM_COLOURS or COLOUR_FUNCTIONS.match(value) or COLOUR_SPACES.match(value)
    return Verdict.DOUBTFUL if is_known else Verdict.INVALID


def _background(value: str) -> Verdict:
    if "(" not in value:
        parts = value.replace(",", " ").replace("/", " ").split()
        return min(map(_background_part, parts), default=Verdict.INVALID)
    # What stands in functions is judged by their names alone.
    names = re.findall(r"([a-z0-9-]*)\(", value)
    is_known = all(PICTURES.match(f"{name}()") or name in {"rgb", "rgba", "hsl", "hsla"} for name in names)
    return Verdict.VALID if is_known and value.count("(") == value.count(")") else Verdict.DOUBTFUL


def _background_part(part: str) -> Verdict:
    return Verdict.VALID if part in BACKGROUND_WORDS or LENGTH.fullmatch(part) else _colour(part)


def _image(value: str) -> Verdict:
    return Verdict.VALID if value == "none" or PICTURES.fullmatch(value) else Verdict.INVALID


def _boxes(value: str) -> Verdict:
    return Verdict.VALID if BOXES.issuperset(value.replace(",", " ").split()) else Verdict.INVALID


def _overflow(value: str) -> Verdict:
    words = value.split()
    is_valid = len(words) in {1, 2} and {"visible", "hidden", "clip", "scroll", "auto", "overlay"}.issuperset(words)
    return Verdict.VALID if is_valid else Verdict.INVALID


OFFSET = _length(frozenset({"auto"}), is_signed=True)
SIZE = _length(SIZES | {"-webkit-fill-available", "stretch"})
SIZE_MAX = _length(SIZES - {"auto"} | {"none", "-webkit-fill-available", "stretch"})
CHECKS: dict[str, Check] = {
    "background": _background,
    "background-clip": _boxes,
    "background-color": _colour,
    "background-image": _image,
    "clip": _pattern(RECT, "auto", otherwise=re.compile(r"rect\(.*\(.*\)")),
    "clip-path": _pattern(
        SHAPE, "none", "border-box", "padding-box", "content-box", "margin-box", "fill-box", otherwise=CALLED
    ),
    "color": _colour,
    "content-visibility": _words("visible", "auto", "hidden"),
    "display": _display,
    "filter": _pattern(FILTER, "none", otherwise=CALLED),
    "font": _pattern(FONT, *FONTS, otherwise=re.compile(r".*\(.*")),
    "font-size": _length(FONT_SIZES),
    "height": SIZE,
    "left": OFFSET,
    "line-height": _length(frozenset({"normal"}), has_numbers=True),
    "margin-left": OFFSET,
    "margin-top": OFFSET,
    "max-height": SIZE_MAX,
    "max-width": SIZE_MAX,
    "opacity": _pattern(OPACITY),
    "overflow": _overflow,
    "overflow-x": _overflow,
    "overflow-y": _overflow,
    "position": _words("static", "relative", "absolute", "fixed", "sticky", "-webkit-sticky"),
    "right": OFFSET,
    "text-indent": _length(is_signed=True),
    "top": OFFSET,
    "bottom": OFFSET,
    "transform": _pattern(TRANSFORM, "none", otherwise=re.compile(r"(?:[a-z0-9]+\(.*\) ?)+")),
    "scale": _pattern(re.compile(rf"{NUMBER}%?(?: {NUMBER}%?){{0,2}}"), "none"),
    "translate": _pattern(re.compile(rf"{AMOUNT}(?: {AMOUNT}){{0,2}}"), "none", otherwise=re.compile(r".*\(.*")),
    "visibility": _words("visible", "hidden", "collapse"),
    "width": SIZE,
    "z-index": _pattern(re.compile(r"[+-]?\d+"), "auto"),
    "zoom": _pattern(re.compile(r"(?:\d*\.)?\d+%?"), "normal", "reset"),
    "-webkit-background-clip": _boxes,
    "-webkit-text-fill-color": _colour,
}
