"""Ridges, hills, and what grows on them."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point, Sheet
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.light import grass
from flexura_media_worker.providers.canvas.noise import fractal, ridge
from flexura_media_worker.providers.canvas.scene import Scene


def outline(scene: Scene, top: float, height: float, bumps: float, roughness: float = 0.5) -> list[Point]:
    """A ridge from edge to edge: its highest places reach the top."""
    aspect = scene.canvas.aspect
    count = scene.many(260)
    heights = ridge(scene.rng, count, max(1.0, bumps * aspect), 6, roughness)
    xs = np.linspace(-0.01, aspect + 0.01, count)
    return [(float(x), float(top + height * (1 - up))) for x, up in zip(xs, heights, strict=True)]


def closed(line: list[Point], bottom: float) -> list[Point]:
    return [*line, (line[-1][0], bottom), (line[0][0], bottom)]


def height_at(line: list[Point], x: float) -> float:
    return float(np.interp(x, [point[0] for point in line], [point[1] for point in line]))


def texture(scene: Scene, top: float, cells: float, strength: float, stretch: float = 3.0) -> None:
    """Makes ground uneven in its brightness, from a height down."""
    first = scene.canvas.rows(0, top)[1]
    height = scene.canvas.height - first
    if height < 4:
        return
    field = fractal(scene.rng, height, scene.canvas.width, cells, 5, stretch)
    scene.canvas.pixels[first:] *= (1 + (field - 0.5) * 2 * strength)[:, :, None]


def draw_hills(scene: Scene, horizon: float, colour: Colour, count: int = 3) -> list[Point]:
    """Rolling ground, each hill nearer than the one before; answers the outline of the nearest."""
    line: list[Point] = []
    for number in range(count):
        distance = 1 - (number + 1) / count
        top = horizon + (1 - horizon) * 0.5 * number / count
        line = outline(scene, top, 0.05 + 0.02 * number, 1.3, 0.25)
        sheet = scene.canvas.sheet((0, top - 0.01, scene.canvas.aspect, 1))
        shade = times(colour, 0.86 + 0.14 * ((number + 1) % 2))
        sheet.polygon(closed(line, 1.05), scene.light.on(shade, 0.15 + distance * 0.75))
        scene.canvas.lay(sheet)
    return line


def draw_blades(scene: Scene, top: float, count: int, colour: Colour | None = None) -> None:
    """Grass: many short strokes, longer the nearer they are."""
    canvas, rng, base = scene.canvas, scene.rng, colour or grass(scene.brief)
    sheet = canvas.sheet((0, top - 0.05, canvas.aspect, 1), plain=True)
    spots = rng.random((scene.many(count), 4))
    for x, near, lean, tone in spots[np.argsort(spots[:, 1])]:
        y = top + (1.02 - top) * near**1.3
        length = 0.008 + 0.045 * near**1.3
        at = (x * canvas.aspect, y)
        tip = (at[0] + (lean - 0.5) * length, y - length)
        shade = scene.light.on(times(base, 0.68 + 0.55 * tone), 0.4 * (1 - near))
        sheet.stroke(at, tip, 0.0012 + 0.002 * near, shade, 0.9)
    canvas.lay(sheet)


def draw_flowers(scene: Scene, top: float, count: int, colours: list[Colour]) -> None:
    canvas, rng = scene.canvas, scene.rng
    sheet = canvas.sheet((0, top - 0.05, canvas.aspect, 1))
    spots = rng.random((scene.many(count), 3))
    for x, near, tone in spots[np.argsort(spots[:, 1])]:
        y = top + (1.0 - top) * near**1.5
        size = 0.003 + 0.022 * near**1.6
        at = (x * canvas.aspect, y)
        colour = colours[int(tone * len(colours)) % len(colours)]
        blossom(sheet, scene, at, size, colour, distance=0.45 * (1 - near))
    canvas.lay(sheet)


def blossom(sheet: Sheet, scene: Scene, at: Point, size: float, colour: Colour, distance: float = 0.0) -> None:
    """A stem, and petals around an eye."""
    light = scene.light
    foot = (at[0] + size * 0.3, at[1] + size * 3)
    sheet.line([foot, at], size * 0.2, light.on((0.22, 0.46, 0.16), distance))
    turn = float(scene.rng.uniform(0, 1))
    for petal in range(6):
        angle = (petal + turn) * np.pi / 3
        spot = (at[0] + float(np.cos(angle)) * size * 0.62, at[1] + float(np.sin(angle)) * size * 0.5)
        sheet.ellipse(spot, size * 0.45, size * 0.38, light.on(times(colour, 0.84 + 0.16 * (petal % 2)), distance))
    sheet.ellipse(at, size * 0.32, size * 0.28, light.on(mix((0.98, 0.80, 0.2), colour, 0.15), distance))
