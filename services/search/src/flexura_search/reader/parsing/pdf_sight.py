"""Takes out of a page of a PDF document the text that a person would not see on paper."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pypdfium2 import raw

from flexura_search.reader.parsing.colours import WHITE, Colour, is_told_apart

POINTS_MIN = 1.5
GROUNDS_MAX = 300
DEPTH_MAX = 5  # Of forms in forms.
RECTANGLE_SEGMENTS = frozenset({4, 5})
UNPAINTED = frozenset({raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP})
STROKED = frozenset({raw.FPDF_TEXTRENDERMODE_STROKE, raw.FPDF_TEXTRENDERMODE_STROKE_CLIP})

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Ground:
    """A rectangle or picture that something is painted on, or covered by."""

    order: int
    bounds: Bounds
    colour: Colour | None
    """None for a picture or whatever else has more than one."""

    @property
    def area(self) -> float:
        left, bottom, right, top = self.bounds
        return (right - left) * (top - bottom)


def remove_unseen(page: Any) -> None:
    objects = list(page.get_objects(max_depth=DEPTH_MAX))
    texts = [(order, one) for order, one in enumerate(objects) if one.type == raw.FPDF_PAGEOBJ_TEXT]
    grounds = _largest([ground for order, one in enumerate(objects) if (ground := _ground(order, one)) is not None])
    page_box = page.get_bbox()
    for order, text in texts:
        if not (_is_seen(order, text, grounds, page_box) if text.level == 0 else _is_seen_in_form(text, grounds)):
            page.remove_obj(text)


def _is_seen(order: int, text: Any, grounds: Sequence[Ground], page_box: Bounds) -> bool:
    bounds = _bounds(text)
    if bounds is None or not _meet(bounds, page_box) or _points(text) < POINTS_MIN:
        return False
    under = [ground for ground in grounds if ground.order < order and _holds(ground.bounds, bounds)]
    mode = raw.FPDFTextObj_GetTextRenderMode(text)
    if mode in UNPAINTED:
        # The words of a scan lie unpainted over their picture.
        return any(ground.colour is None for ground in under)
    if any(ground.order > order and ground.colour is not None and _holds(ground.bounds, bounds) for ground in grounds):
        return False
    ink = None if mode in STROKED else _fill(text)
    paper = under[-1].colour if under else WHITE
    return ink is None or paper is None or is_told_apart(ink, paper)


def _is_seen_in_form(text: Any, grounds: Sequence[Ground]) -> bool:
    """Forms have coordinates of their own, so that nobody knows what lies under their text where anything does."""
    if grounds:
        return True
    if raw.FPDFTextObj_GetTextRenderMode(text) in UNPAINTED:
        return False
    ink = _fill(text)
    return ink is None or is_told_apart(ink, WHITE)


def _largest(grounds: list[Ground]) -> list[Ground]:
    """Those that may hold text; a map has ten thousand of them that do not."""
    if len(grounds) <= GROUNDS_MAX:
        return grounds
    return sorted(sorted(grounds, key=lambda ground: -ground.area)[:GROUNDS_MAX], key=lambda ground: ground.order)


def _ground(order: int, one: Any) -> Ground | None:
    if one.type in {raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING}:
        bounds = _bounds(one)
        return Ground(order, bounds, None) if bounds else None
    if one.type != raw.FPDF_PAGEOBJ_PATH:
        return None
    fill_mode, stroke = ctypes.c_int(), ctypes.c_int()
    if not raw.FPDFPath_GetDrawMode(one, fill_mode, stroke) or fill_mode.value == raw.FPDF_FILLMODE_NONE:
        return None
    bounds, colour = _bounds(one), _fill(one)
    if bounds is None or (colour is not None and colour.alpha < 1):
        return None
    is_rectangle = raw.FPDFPath_CountSegments(one) in RECTANGLE_SEGMENTS
    return Ground(order, bounds, colour if is_rectangle else None)


def _fill(one: Any) -> Colour | None:
    parts = [ctypes.c_uint() for _ in range(4)]
    if not raw.FPDFPageObj_GetFillColor(one, *parts):
        return None
    return Colour(*(part.value / 255 for part in parts))


def _points(text: Any) -> float:
    """The height of the letters as they stand on the page."""
    size, matrix = ctypes.c_float(), raw.FS_MATRIX()
    if not raw.FPDFTextObj_GetFontSize(text, size) or not raw.FPDFPageObj_GetMatrix(text, matrix):
        return POINTS_MIN
    return float(abs(size.value) * abs(matrix.a * matrix.d - matrix.b * matrix.c) ** 0.5)


def _bounds(one: Any) -> Bounds | None:
    sides = [ctypes.c_float() for _ in range(4)]
    if not raw.FPDFPageObj_GetBounds(one, *sides):
        return None
    left, bottom, right, top = (side.value for side in sides)
    return left, bottom, right, top


def _meet(one: Bounds, other: Bounds) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _holds(outer: Bounds, inner: Bounds) -> bool:
    """Whether the middle of the one lies within the other, and most of its width."""
    middle = (inner[1] + inner[3]) / 2
    return outer[1] <= middle <= outer[3] and outer[0] <= inner[0] + 1 and inner[2] - 1 <= outer[2]
