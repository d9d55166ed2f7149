"""What scenes are drawn on: pixels, and sheets of shapes that are laid on them.

Places are given in units of the picture's height, from the top left corner: a square picture is 1.0 wide.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from flexura_media_worker.providers.canvas.colours import Colour, as_bytes

Pixels = NDArray[np.float32]
Point = tuple[float, float]
Box = tuple[float, float, float, float]
Fill = int | tuple[int, ...]

STRIP = 256
FINER = 2  # Shapes are drawn larger and made smaller: that softens their edges.


class Sheet:
    """Shapes with nothing between them, over a part of a canvas."""

    def __init__(self, unit: int, origin: tuple[int, int], size: tuple[int, int], *, plain: bool = False) -> None:
        self.origin = origin
        self.size = size
        self._scale = unit * FINER
        self._plain = plain
        # Four bands that Pillow takes for nothing but bands: colour times its share, and the share.
        self._image = Image.new("CMYK", (size[0] * FINER, size[1] * FINER))
        self._draw = ImageDraw.Draw(self._image)

    def polygon(self, points: Sequence[Point], colour: Colour, alpha: float = 1.0) -> None:
        at = [self._at(point) for point in points]
        with self._drawing(bounds(at), colour, alpha) as (draw, (x, y), fill):
            draw.polygon([(px - x, py - y) for px, py in at], fill=fill)

    def rectangle(self, box: Box, colour: Colour, alpha: float = 1.0) -> None:
        left, top, right, bottom = self._box(box)
        with self._drawing((left, top, right, bottom), colour, alpha) as (draw, (x, y), fill):
            shape = (left - x, top - y, max(left, right - 1) - x, max(top, bottom - 1) - y)
            draw.rectangle(shape, fill=fill)

    def ellipse(self, middle: Point, width: float, height: float, colour: Colour, alpha: float = 1.0) -> None:
        """Width and height are those of the half."""
        x, y = middle
        left, top, right, bottom = self._box((x - width, y - height, x + width, y + height))
        with self._drawing((left, top, right, bottom), colour, alpha) as (draw, (x, y), fill):
            draw.ellipse((left - x, top - y, right - x, bottom - y), fill=fill)

    def line(self, points: Sequence[Point], width: float, colour: Colour, alpha: float = 1.0) -> None:
        """Thick lines have round ends and corners."""
        thickness = max(1, round(width * self._scale))
        half = thickness / 2
        at = [self._at(point) for point in points]
        left, top, right, bottom = bounds(at)
        box = (left - half, top - half, right + half, bottom + half)
        with self._drawing(box, colour, alpha) as (draw, (x, y), fill):
            at = [(px - x, py - y) for px, py in at]
            draw.line(at, fill=fill, width=thickness)
            if thickness > 2 * FINER:
                for px, py in at:
                    draw.ellipse((px - half, py - half, px + half, py + half), fill=fill)

    def stroke(self, start: Point, end: Point, width: float, colour: Colour, alpha: float = 1.0) -> None:
        """A line for thousands of its kind: thin and straight; it replaces what is below, as on plain sheets."""
        (x0, y0), (x1, y1) = self._at(start), self._at(end)
        red, green, blue = as_bytes(colour)
        fill = (int(red * alpha), int(green * alpha), int(blue * alpha), int(255 * alpha))
        self._draw.line((x0, y0, x1, y1), fill, max(1, round(width * self._scale)))

    @contextmanager
    def _drawing(self, box: Box, colour: Colour, alpha: float) -> Iterator[tuple[ImageDraw.ImageDraw, Point, Fill]]:
        """Draws in place; what lets through what is below is drawn as a stencil for its colour."""
        if alpha >= 1 or self._plain:
            yield self._draw, (0.0, 0.0), tuple(round(share * alpha) for share in (*as_bytes(colour), 255))
            return
        width, height = self._image.size
        left, top = min(width - 1, max(0, int(box[0]) - 1)), min(height - 1, max(0, int(box[1]) - 1))
        right, bottom = max(left + 1, min(width, int(box[2]) + 2)), max(top + 1, min(height, int(box[3]) + 2))
        stencil = Image.new("L", (right - left, bottom - top))
        yield ImageDraw.Draw(stencil), (left, top), round(255 * alpha)
        self._image.paste((*as_bytes(colour), 255), (left, top, right, bottom), stencil)

    def pixels(self, blur: float = 0.0) -> Pixels:
        """Colour times its share, and the share."""
        radius = blur * self._scale / FINER
        # What is blurred has no need of every pixel.
        coarser = max(1, min(4, int(radius / 2.5), *(side // 2 for side in self.size)))
        image = self._image.reduce(FINER * coarser)
        if radius:
            image = image.filter(ImageFilter.GaussianBlur(radius / coarser))
        if coarser > 1:
            image = image.resize(self.size, Image.Resampling.BILINEAR)
        return np.asarray(image, np.float32) * np.float32(1 / 255)

    def _at(self, point: Point) -> Point:
        return point[0] * self._scale - self.origin[0] * FINER, point[1] * self._scale - self.origin[1] * FINER

    def _box(self, box: Box) -> Box:
        left, top = self._at(box[:2])
        right, bottom = self._at(box[2:])
        return left, top, max(left, right), max(top, bottom)


def bounds(points: Sequence[Point]) -> Box:
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs), max(ys)


class Canvas:
    def __init__(self, width: int, height: int, *, is_lit: bool = True) -> None:
        self.width = width
        self.height = height
        self.is_lit = is_lit
        """Whether light is added where it shines; what shines is then the difference."""
        self.aspect = width / height
        self.pixels: Pixels = np.zeros((height, width, 3), np.float32)

    def sheet(self, box: Box | None = None, *, plain: bool = False) -> Sheet:
        """A sheet for a part of the canvas, or for all of it; on a plain one, shapes replace what is below them."""
        left, top, right, bottom = box or (0.0, 0.0, self.aspect, 1.0)
        x0 = min(self.width - 1, max(0, int(left * self.height)))
        y0 = min(self.height - 1, max(0, int(top * self.height)))
        x1 = max(x0 + 1, min(self.width, int(right * self.height) + 1))
        y1 = max(y0 + 1, min(self.height, int(bottom * self.height) + 1))
        return Sheet(self.height, (x0, y0), (x1 - x0, y1 - y0), plain=plain)

    def lay(self, sheet: Sheet, alpha: float = 1.0, blur: float = 0.0) -> None:
        layer = sheet.pixels(blur)
        part = self.under(sheet)
        if alpha < 1:
            layer *= np.float32(alpha)
        part *= 1 - layer[:, :, 3:]
        part += layer[:, :, :3]

    def fill(self, sheet: Sheet, tones: Pixels) -> None:
        """Lays a picture of the sheet's size where there are shapes on the sheet."""
        part = self.under(sheet)
        part += (tones - part) * sheet.pixels()[:, :, 3:]

    def shine(self, sheet: Sheet, strength: float = 1.0, blur: float = 0.0) -> None:
        """Adds the light of what is on the sheet."""
        if not self.is_lit:
            return
        layer = sheet.pixels(blur)
        self.under(sheet)[:] += layer[:, :, :3] * np.float32(strength)

    def glow(self, middle: Point, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Light around a place that fades with its distance."""
        if not self.is_lit:
            return
        x, y = middle
        sheet = self.sheet((x - 3 * radius, y - 3 * radius, x + 3 * radius, y + 3 * radius))
        across = (np.arange(sheet.size[0], dtype=np.float32) + sheet.origin[0]) / self.height - x
        down = (np.arange(sheet.size[1], dtype=np.float32) + sheet.origin[1]) / self.height - y
        share = np.exp(-(down**2) / radius**2)[:, None] * np.exp(-(across**2) / radius**2)[None, :]
        self.under(sheet)[:] += share[:, :, None] * (np.array(colour, np.float32) * np.float32(strength))

    def gradient(self, top: float, bottom: float, stops: Sequence[tuple[float, Colour]]) -> None:
        """Fills from edge to edge, from one height to another; stops go from 0 to 1."""
        rows = slice(*self.rows(top, bottom))
        places = np.linspace(0, 1, max(1, rows.stop - rows.start))
        at = [stop[0] for stop in stops]
        bands = [np.interp(places, at, [stop[1][channel] for stop in stops]) for channel in range(3)]
        self.pixels[rows] = np.stack(bands, axis=1).astype(np.float32)[:, None, :]

    def tint(self, top: float, bottom: float, colour: Colour, shares: Sequence[float]) -> None:
        """Lays a veil from edge to edge whose share changes from the top to the bottom."""
        rows = slice(*self.rows(top, bottom))
        count = max(0, rows.stop - rows.start)
        share = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(shares)), shares).astype(np.float32)
        part = self.pixels[rows]
        part += (np.array(colour, np.float32) - part) * share[:, None, None]

    def blend(self, colour: Colour | Pixels, share: Pixels, top: int = 0) -> None:
        """Mixes in a colour, or a picture, by a field of shares that begins at a row."""
        part = self.pixels[top : top + share.shape[0]]
        part += (np.asarray(colour, np.float32) - part) * share[:, :, None]

    def strips(self) -> Iterator[slice]:
        """Rows to go through bit by bit: what is reckoned of all at once takes hundreds of megabytes."""
        for top in range(0, self.height, STRIP):
            yield slice(top, min(self.height, top + STRIP))

    def rows(self, top: float, bottom: float) -> tuple[int, int]:
        first = min(self.height, max(0, round(top * self.height)))
        return first, min(self.height, max(first, round(bottom * self.height)))

    def under(self, sheet: Sheet) -> Pixels:
        """The pixels below a sheet."""
        (x, y), (width, height) = sheet.origin, sheet.size
        return self.pixels[y : y + height, x : x + width]
