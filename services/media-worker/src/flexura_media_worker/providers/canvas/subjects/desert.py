"""A canyon of layered rock, and dunes before it."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Pixels, Point, Sheet, bounds
from flexura_media_worker.providers.canvas.colours import WHITE, Colour, mix, times
from flexura_media_worker.providers.canvas.noise import fractal
from flexura_media_worker.providers.canvas.parts.ground import closed, outline, texture
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.scene import Scene, Stage

HORIZON = 0.60
LAYERS = 128
ROCK: Colour = (0.74, 0.34, 0.20)
SAND: Colour = (0.90, 0.62, 0.38)


def draw(scene: Scene) -> Stage:
    rock = mix(ROCK, scene.leading(ROCK)[0], 0.35)
    draw_sky(scene, HORIZON, clouds=0.2)
    canvas = scene.canvas
    sand = scene.light.on(mix(SAND, rock, 0.3))
    canvas.gradient(HORIZON, 1.0, ((0.0, mix(sand, scene.light.haze, 0.45)), (1.0, times(sand, 0.9))))
    draw_mesas(scene, rock, 0.40, 0.20, 0.78, 7)
    draw_mesas(scene, rock, 0.28, 0.36, 0.42, 4)
    draw_walls(scene, rock)
    for number in range(2):
        top = 0.76 + 0.1 * number
        sheet = canvas.sheet((0, top - 0.02, canvas.aspect, 1))
        line = outline(scene, top, 0.06, 1.0, 0.2)
        sheet.polygon(closed(line, 1.05), times(sand, 0.82 + 0.16 * number))
        sheet.polygon(closed([(x, y + 0.012) for x, y in line], 1.05), times(sand, 0.92 + 0.12 * number))
        canvas.lay(sheet)
    texture(scene, HORIZON, 70, 0.05, stretch=6)
    draw_cacti(scene)
    return Stage(0.92, 0.22)


def draw_mesas(scene: Scene, rock: Colour, top: float, height: float, distance: float, count: int) -> None:
    """Tables of rock: flat above, steep, with a skirt of rubble."""
    canvas, rng = scene.canvas, scene.rng
    line: list[Point] = [(-0.05, top + height)]
    for number in range(count):
        left = canvas.aspect * (number + float(rng.uniform(0.0, 0.45))) / count
        right = left + canvas.aspect / count * float(rng.uniform(0.3, 0.75))
        up = top + height * float(rng.uniform(0.0, 0.55))
        base = top + height
        line += [(left - 0.06, base), (left - 0.015, up + (base - up) * 0.55), (left, up), (right, up + 0.004)]
        line += [(right + 0.015, up + (base - up) * 0.55), (right + 0.06, base)]
    line.append((canvas.aspect + 0.05, top + height))
    draw_rock(scene, line, rock, distance)


def draw_walls(scene: Scene, rock: Colour) -> None:
    """The canyon's sides, left and right of us."""
    aspect = scene.canvas.aspect
    jag = scene.rng.uniform(-0.012, 0.012, 24)
    left = [(-0.05, 0.12), (aspect * 0.10, 0.13), (aspect * 0.12, 0.22), (aspect * 0.19, 0.25), (aspect * 0.205, 0.42)]
    left += [(aspect * 0.26, 0.46), (aspect * 0.275, 0.62), (aspect * 0.34, 0.80), (-0.05, 0.88)]
    right = [(aspect * 1.05, 0.05), (aspect * 0.90, 0.06), (aspect * 0.885, 0.2), (aspect * 0.80, 0.23)]
    right += [
        (aspect * 0.785, 0.47),
        (aspect * 0.73, 0.5),
        (aspect * 0.715, 0.66),
        (aspect * 0.63, 0.84),
        (aspect * 1.05, 0.92),
    ]
    for side in (left, right):
        points = [(x + float(jag[i]), y + float(jag[-i - 1])) for i, (x, y) in enumerate(side)]
        draw_rock(scene, points, rock, 0.08)


def draw_rock(scene: Scene, points: list[Point], rock: Colour, distance: float) -> None:
    """Fills an outline with strata."""
    canvas = scene.canvas
    sheet = canvas.sheet(bounds(points))
    sheet.polygon(points, WHITE)
    tones = strata(scene, sheet, rock)
    tones *= np.asarray(scene.light.ambient, np.float32)
    tones += (np.asarray(scene.light.haze, np.float32) - tones) * np.float32(distance * scene.light.thickness)
    canvas.fill(sheet, tones)


def strata(scene: Scene, sheet: Sheet, rock: Colour) -> Pixels:
    """Layers that bend, each of its own brightness, with cracks from top to bottom."""
    width, height = sheet.size
    bumps = height / scene.canvas.height
    bend = fractal(scene.rng, height, width, 3 * bumps, 4, stretch=3)
    cracks = fractal(scene.rng, height, width, 4 * bumps, 6, stretch=0.16)
    rows = np.arange(height, dtype=np.float32)[:, None] / np.float32(scene.canvas.height)
    level = np.clip(rows * 42 + bend * 5, 0, LAYERS - 2)
    floor = np.floor(level)
    low = floor.astype(np.int32)
    layers = scene.rng.uniform(0.72, 1.18, LAYERS).astype(np.float32)
    band = layers[low] + (layers[low + 1] - layers[low]) * np.clip((level - floor - 0.7) / 0.3, 0, 1)
    tones: Pixels = (band * (0.66 + 0.5 * cracks))[:, :, None] * np.asarray(rock, np.float32)
    return tones


def draw_cacti(scene: Scene) -> None:
    canvas, rng = scene.canvas, scene.rng
    sheet = canvas.sheet()
    tone = scene.light.on((0.20, 0.36, 0.20))
    for x, y, size in ((0.36, 0.86, 0.10), (0.60, 0.82, 0.07), (0.80, 0.93, 0.15)):
        at = (x + float(rng.uniform(-0.04, 0.04))) * canvas.aspect
        width = size * 0.14
        sheet.line([(at, y), (at + size * 0.9, y + size * 0.1)], width * 0.8, (0.25, 0.12, 0.08), 0.35)
        sheet.line([(at, y), (at, y - size)], width, tone)
        sheet.line(
            [(at, y - size * 0.4), (at - size * 0.26, y - size * 0.45), (at - size * 0.26, y - size * 0.75)],
            width * 0.7,
            tone,
        )
        sheet.line(
            [(at, y - size * 0.3), (at + size * 0.24, y - size * 0.34), (at + size * 0.24, y - size * 0.6)],
            width * 0.7,
            tone,
        )
        sheet.line([(at - width * 0.2, y), (at - width * 0.2, y - size)], width * 0.16, times(tone, 1.4), 0.7)
    canvas.lay(sheet)
