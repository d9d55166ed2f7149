"""Ranges that fade with their distance, mist between them, and a wood in front."""

import numpy as np

from flexura_media_worker.providers.canvas.brief import Season, Weather
from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.light import grass
from flexura_media_worker.providers.canvas.noise import fractal, lit_side
from flexura_media_worker.providers.canvas.parts.ground import closed, draw_blades, height_at, outline
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.parts.trees import draw_pine
from flexura_media_worker.providers.canvas.parts.water import mirror
from flexura_media_worker.providers.canvas.scene import Scene, Stage

HORIZON = 0.72
ROCK: Colour = (0.30, 0.34, 0.42)
RANGES = 4


def draw(scene: Scene) -> Stage:
    draw_sky(scene, HORIZON, sun_at=float(scene.rng.uniform(0.3, 0.7)))
    draw_ranges(scene)
    front = outline(scene, 0.80, 0.07, 1.2, 0.3)
    sheet = scene.canvas.sheet((0, 0.6, scene.canvas.aspect, 1))
    sheet.polygon(closed(front, 1.05), scene.light.on(times(grass(scene.brief), 0.62), 0.1))
    scene.canvas.lay(sheet)
    draw_wood(scene, front)
    draw_blades(scene, 0.90, 700, times(grass(scene.brief), 0.8))
    return Stage(0.93, 0.24)


def draw_lake(scene: Scene) -> Stage:
    draw_sky(scene, HORIZON, sun_at=float(scene.rng.uniform(0.3, 0.7)))
    draw_ranges(scene)
    shore = outline(scene, 0.66, 0.03, 1.5, 0.3)
    sheet = scene.canvas.sheet((0, 0.5, scene.canvas.aspect, 0.72))
    sheet.polygon(closed(shore, 0.72), scene.light.on((0.16, 0.26, 0.18), 0.3))
    scene.canvas.lay(sheet)
    draw_wood(scene, shore, 0.05)
    mirror(scene, 0.70, scene.light.on((0.10, 0.24, 0.34)), 0.3, ripples=0.5)
    return Stage(0.84, 0.2)


def draw_ranges(scene: Scene) -> None:
    for number in range(RANGES):
        distance = 1 - number / (RANGES - 0.4)
        top = 0.20 + 0.12 * number
        line = outline(scene, top, 0.30 - 0.035 * number, 1.6 + 0.5 * number, 0.52)
        draw_range(scene, line, top, distance)
        misty = 0.58 if scene.brief.weather is Weather.FOG else 0.42
        scene.canvas.tint(top + 0.10, top + 0.40, scene.light.haze, (0.0, misty * scene.light.thickness))


def draw_range(scene: Scene, line: list[Point], top: float, distance: float) -> None:
    """One range: rock, lit from the side by folds, and snow on the heights."""
    canvas = scene.canvas
    sheet = canvas.sheet((0, top - 0.01, canvas.aspect, min(1.0, top + 0.55)))
    sheet.polygon(closed(line, top + 0.56), (1.0, 1.0, 1.0))
    width, height = sheet.size
    folds = fractal(scene.rng, height, width, 7, 4, stretch=0.7)
    lit = lit_side(folds, width // 80, axis=1)
    rock, bright = scene.light.on(times(ROCK, 0.75), distance), scene.light.on(times(ROCK, 1.25), distance)
    tones = np.asarray(rock, np.float32) + lit[:, :, None] * (np.asarray(bright) - np.asarray(rock)).astype(np.float32)
    if distance > 0.3:
        down = (np.arange(height, dtype=np.float32) / canvas.height)[:, None]
        reach = 0.30 if scene.brief.season is Season.WINTER else 0.10
        white = np.clip((reach + (folds - 0.5) * 0.22 - down) * 14, 0, 1)[:, :, None]
        snow = np.asarray(scene.light.on(mix((0.80, 0.86, 0.96), (1, 1, 1), 0.5), distance * 0.7), np.float32)
        tones = tones + white * (snow * (0.72 + 0.28 * lit[:, :, None]) - tones)
    canvas.fill(sheet, tones.astype(np.float32))


def draw_wood(scene: Scene, ground: list[Point], size: float = 0.14) -> None:
    canvas, rng = scene.canvas, scene.rng
    sheet = canvas.sheet((0, 0.4, canvas.aspect, 1))
    for x in np.sort(rng.random(scene.many(46 * canvas.aspect))):
        at = float(x) * canvas.aspect
        # A gap in the middle lets the eye go on.
        if abs(x - 0.5) < 0.12 and rng.random() < 0.8:
            continue
        height = size * float(rng.uniform(0.5, 1.1)) * (0.6 + 0.9 * abs(float(x) - 0.5) * 2)
        draw_pine(sheet, scene, (at, height_at(ground, at) + 0.015), height, 0.12)
    canvas.lay(sheet)
