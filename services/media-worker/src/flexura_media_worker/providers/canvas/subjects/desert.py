"""A canyon of layered rock, and dunes before it."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.noise import Field, fractal
from flexura_media_worker.providers.canvas.parts.ground import closed, outline, texture
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.scene import Scene, Stage

HORIZON = 0.60
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
    draw_rock(scene, line, top, top + height + 0.02, rock, distance)


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
        draw_rock(scene, points, 0.03, 0.95, rock, 0.08)


def draw_rock(scene: Scene, points: list[Point], top: float, bottom: float, rock: Colour, distance: float) -> None:
    """Fills an outline with strata."""
    canvas = scene.canvas
    sheet = canvas.sheet((0, top, canvas.aspect, bottom))
    sheet.polygon(points, (1.0, 1.0, 1.0))
    mask = sheet.pixels()[:, :, 3]
    tones = strata(scene, mask.shape, rock)
    lit = np.asarray(scene.light.ambient, np.float32) * tones
    share = np.float32(min(1.0, distance * scene.light.thickness))
    seen = lit + (np.asarray(scene.light.haze, np.float32) - lit) * share
    canvas.blend(seen.astype(np.float32), mask, sheet.origin[1])


def strata(scene: Scene, shape: tuple[int, ...], rock: Colour) -> Field:
    height, width = shape[0], shape[1]
    bend = fractal(scene.rng, height, width, 2.5, 4, stretch=3)
    cracks = fractal(scene.rng, height, width, 3.0, 6, stretch=0.16)
    level = (np.arange(height)[:, None] / scene.canvas.height * 42 + bend * 5).astype(np.float32)
    layers = scene.rng.uniform(0.72, 1.18, 128)
    index = np.clip(level, 0, 126)
    low = index.astype(np.int32)
    band = layers[low] + (layers[low + 1] - layers[low]) * np.clip((index - low - 0.7) / 0.3, 0, 1)
    shade = band * (0.66 + 0.5 * cracks)
    field: Field = (np.asarray(rock, np.float32) * shade[:, :, None]).astype(np.float32)
    return field


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
