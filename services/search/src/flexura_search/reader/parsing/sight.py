"""Whether a person sees an element and its text, by what is declared for it."""

import re
from dataclasses import dataclass, replace

from flexura_search.reader.parsing.cascade import Styles
from flexura_search.reader.parsing.colours import LINK, Colour, background, colour, is_told_apart
from flexura_search.reader.parsing.lengths import ROOT_PX, far, pixels

FONT_PX_MIN = 2.0
OPACITY_MIN = 0.05
SLIT_PX = 1.0  # What is for the ears alone is shown in one pixel.
BEYOND_PX = 3000.0
FONT_NAMES = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0}
VISIBILITIES = {"hidden": False, "collapse": False, "visible": True, "initial": True}
CUTTING = frozenset({"hidden", "clip", "auto", "scroll"})
NUMBERS = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:px|%|em|rem|vw|vh)?")
SCALE = re.compile(r"scale(?:3d|x|y)?\(\s*([+-]?[\d.]+)(?:[ ,]+([+-]?[\d.]+))?")
TRANSLATE = re.compile(r"translate(?:3d|x|y)?\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
EDGEWAYS = re.compile(r"rotate[xy]\(\s*-?90deg")
OPACITY_FILTER = re.compile(r"opacity\(\s*([\d.]+)(%?)\s*\)")
FONT_SIZE_IN_FONT = re.compile(r"(?:^|\s)((?:\d+\.?\d*|\.\d+)(?:px|pt|em|rem|%)?)(?=[\s/])")


@dataclass(frozen=True, slots=True)
class Sight:
    """What an element's text inherits."""

    is_visible: bool = True
    is_indented_away: bool = False
    font_px: float = ROOT_PX
    ink: Colour | None = None
    """None where it is not known, as with what an external style sheet may say."""
    paper: Colour | None = None

    @property
    def shows_text(self) -> bool:
        if not self.is_visible or self.is_indented_away or self.font_px <= FONT_PX_MIN:
            return False
        if self.ink is None:
            return True
        # Ink that lets all through is unseen on any paper.
        return is_told_apart(self.ink, self.paper or Colour(0.5, 0.5, 0.5)) if self._is_known else True

    @property
    def _is_known(self) -> bool:
        return self.ink is not None and (self.paper is not None or self.ink.alpha == 0)


def is_out_of_sight(styles: Styles, em_px: float) -> bool:
    """Whether an element and all that is in it cannot be seen."""
    if not styles:
        return False
    if styles.get("display") == "none" or styles.get("content-visibility") == "hidden":
        return True
    return (
        _is_transparent(styles)
        or _is_too_small(styles, em_px)
        or _is_off_screen(styles)
        or _is_clipped(styles)
        or _is_transformed_away(styles)
    )


def inherited(sight: Sight, styles: Styles, tag: str) -> Sight:
    """What the text within an element looks like."""
    if not styles and tag not in {"a", "mark", "button", "input"}:
        return sight
    ink = _ink(sight, styles, tag)
    indent = styles.get("text-indent", "")
    return replace(
        sight,
        is_visible=VISIBILITIES.get(styles.get("visibility", ""), sight.is_visible),
        is_indented_away=sight.is_indented_away if pixels(indent) is None else far(indent),
        font_px=font_px(styles, sight.font_px),
        ink=ink,
        paper=_paper(sight, styles, tag),
    )


def font_px(styles: Styles, parent_px: float) -> float:
    size = styles.get("font-size")
    if size is None and (found := FONT_SIZE_IN_FONT.search(styles.get("font", ""))):
        size = found[1]
    if size is None:
        return parent_px
    if size in FONT_NAMES:
        return FONT_NAMES[size]
    length = pixels(size, parent_px, parent_px)
    return parent_px if length is None else length


def _ink(sight: Sight, styles: Styles, tag: str) -> Colour | None:
    if "text" in (styles.get("background-clip", ""), styles.get("-webkit-background-clip", "")):
        # The background shows through the letters; how, is not told.
        return None
    value = styles.get("-webkit-text-fill-color") or styles.get("color")
    if value in {None, "inherit", "currentcolor", "unset", "revert"}:
        if tag == "a" and sight.ink is not None and value is None:
            return LINK
        return sight.ink
    found = colour(value or "")
    # A colour that is not understood shows nothing that was not seen before.
    return sight.ink if found is None and not sight.shows_text else found


def _paper(sight: Sight, styles: Styles, tag: str) -> Colour | None:
    shorthand = styles.get("background")
    value = styles.get("background-color")
    if styles.get("background-image", "none") != "none" or tag in {"button", "input"}:
        return background(value) if value else None
    if value is None and shorthand is None:
        return None if tag == "mark" else sight.paper
    if shorthand is not None and ("url(" in shorthand or "gradient(" in shorthand):
        return None
    found = colour(value) if value is not None else background(shorthand or "")
    if found is None:
        named_none = (value or shorthand) in {"none", "inherit", "initial", "unset", "0", "0 0"}
        return sight.paper if named_none else None
    if found.alpha < 1:
        return sight.paper if found.alpha < 0.5 else found._replace(alpha=1.0)  # noqa: PLR2004 - the nearer one.
    return found


def _is_transparent(styles: Styles) -> bool:
    opacity = styles.get("opacity")
    if opacity is not None:
        share = _share(opacity)
        if share is not None and share <= OPACITY_MIN:
            return True
    found = OPACITY_FILTER.search(styles.get("filter", ""))
    return found is not None and (_share(found[1] + found[2]) or 0.0) <= OPACITY_MIN


def _share(value: str) -> float | None:
    try:
        return float(value[:-1]) / 100 if value.endswith("%") else float(value)
    except ValueError:
        return None


def _is_too_small(styles: Styles, em_px: float) -> bool:
    if styles.get("zoom") in {"0", "0%"}:
        return True
    overflow = f"{styles.get('overflow', '')} {styles.get('overflow-x', '')} {styles.get('overflow-y', '')}"
    if not CUTTING.intersection(overflow.split()):
        return False
    for name in ("width", "height", "max-width", "max-height", "line-height"):
        size = pixels(styles[name], em_px) if name in styles else None
        if size is not None and size <= (0.0 if name == "line-height" else SLIT_PX):
            return True
    return False


def _is_off_screen(styles: Styles) -> bool:
    if far(styles.get("margin-left", "")) or far(styles.get("margin-top", "")):
        return True
    if styles.get("position") not in {"absolute", "fixed", "relative"}:
        return False
    for name in ("left", "top", "right", "bottom"):
        length = pixels(styles[name]) if name in styles else None
        if length is not None and (far(styles[name]) or length >= BEYOND_PX):
            return True
    return False


def _is_clipped(styles: Styles) -> bool:
    clip = styles.get("clip", "")
    if clip.startswith("rect("):
        sides = [pixels(side) for side in NUMBERS.findall(clip)]
        if len(sides) == 4 and all(side is not None and side <= SLIT_PX for side in sides):  # noqa: PLR2004
            return True
    path = styles.get("clip-path", "")
    numbers = NUMBERS.findall(path)
    if path.startswith("inset("):
        return any(number.endswith("%") and float(number[:-1]) >= 50 for number in numbers)  # noqa: PLR2004
    if path.startswith(("circle(", "ellipse(")):
        return bool(numbers) and pixels(numbers[0]) == 0
    return path.startswith("polygon(") and bool(numbers) and len(set(map(pixels, numbers))) == 1


def _is_transformed_away(styles: Styles) -> bool:
    transform = styles.get("transform", "")
    if EDGEWAYS.search(transform):
        return True
    scales = [number for found in SCALE.findall(transform) for number in found if number]
    scales += styles.get("scale", "").split()
    if any((share := _share(number)) is not None and abs(share) <= OPACITY_MIN for number in scales):
        return True
    moves = [move for found in TRANSLATE.findall(transform) for move in found.split(",")]
    moves += styles.get("translate", "").split()
    # A share of its own size moves a slide aside, and slides come back.
    return any(_is_far_away(move.strip()) for move in moves if not move.strip().endswith("%"))


def _is_far_away(move: str) -> bool:
    length = pixels(move)
    return length is not None and (far(move) or length >= BEYOND_PX)
