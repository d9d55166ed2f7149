"""A beach: sea, the white line of a breaking wave, wet and dry sand, a palm."""

from itertools import pairwise

import numpy as np

from flexura_media_worker.providers.canvas.brief import Season
from flexura_media_worker.providers.canvas.canvas import Point, Sheet
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.parts.ground import closed, texture
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.parts.water import draw_sea, is_rough
from flexura_media_worker.providers.canvas.scene import Scene, Stage

HORIZON = 0.46
SAND: Colour = (0.93, 0.82, 0.62)
SHALLOW: Colour = (0.22, 0.74, 0.74)


def draw(scene: Scene) -> Stage:
    canvas, light = scene.canvas, scene.light
    sun_at = float(scene.rng.uniform(0.2, 0.4))
    draw_sky(scene, HORIZON, sun_at=sun_at)
    draw_sea(scene, HORIZON, 0.80, sun_at=sun_at, rough=is_rough(scene) * 0.6)
    canvas.tint(HORIZON + 0.06, 0.80, light.on(SHALLOW), (0.0, 0.35, 0.72))
    for number, (top, colour, alpha) in enumerate(
        (
            (0.705, (1.0, 1.0, 1.0), 0.9),
            (0.722, mix(SAND, SHALLOW, 0.45), 1.0),
            (0.752, (1.0, 1.0, 1.0), 0.75),
            (0.760, times(SAND, 0.80), 1.0),
            (0.815, SAND, 1.0),
        )
    ):
        line = shore(scene, top, 0.9 + number * 0.35)
        sheet = canvas.sheet((0, top - 0.08, canvas.aspect, 1))
        sheet.polygon(closed(line, 1.05), light.on(colour), alpha)
        canvas.lay(sheet, blur=0.0016)
    texture(scene, 0.80, 60, 0.05)
    texture(scene, 0.80, 9, 0.05)
    if scene.brief.season is not Season.WINTER:
        draw_palm(scene)
    return Stage(0.90, 0.24)


def shore(scene: Scene, top: float, phase: float) -> list[Point]:
    xs = np.linspace(-0.02, scene.canvas.aspect + 0.02, 140)
    line = (
        top
        + 0.05 * (xs / scene.canvas.aspect - 0.5)
        + 0.014 * np.sin(xs * 5.5 + phase)
        + 0.006 * np.sin(xs * 13 + phase)
    )
    return [(float(x), float(y)) for x, y in zip(xs, line, strict=True)]


def draw_palm(scene: Scene) -> None:
    canvas, light = scene.canvas, scene.light
    foot = (canvas.aspect * 0.86, 0.93)
    sheet = canvas.sheet()
    trunk = [(foot[0] - 0.13 * t**1.6, foot[1] - 0.62 * t) for t in np.linspace(0, 1, 14)]
    shade = canvas.sheet((foot[0] - 0.1, foot[1] - 0.1, canvas.aspect, 1))
    shade.line([foot, (foot[0] + 0.24, foot[1] + 0.03)], 0.016, times(light.on(SAND), 0.6), 0.6)
    shade.ellipse((foot[0] + 0.32, foot[1] + 0.035), 0.13, 0.022, times(light.on(SAND), 0.6), 0.55)
    canvas.lay(shade, 0.8, blur=0.006)
    for number, (start, end) in enumerate(pairwise(trunk)):
        width = 0.030 - 0.0012 * number
        sheet.line([start, end], width, light.on(times((0.52, 0.38, 0.26), 0.88 + 0.2 * (number % 2))))
    for angle in (3.05, 0.1, -2.95, -0.2, -2.55, -0.6, -2.15, -1.0, -1.75, -1.4):
        frond(sheet, scene, trunk[-1], angle)
    for x, y in ((-0.016, 0.014), (0.014, 0.018), (0.0, 0.024)):
        sheet.ellipse((trunk[-1][0] + x, trunk[-1][1] + y), 0.015, 0.015, light.on((0.34, 0.22, 0.12)))
    canvas.lay(sheet)


def frond(sheet: Sheet, scene: Scene, at: Point, angle: float) -> None:
    """A rib that hangs, with leaves on both sides."""
    length = float(scene.rng.uniform(0.25, 0.31))
    tone = scene.light.on(times((0.20, 0.50, 0.20), float(scene.rng.uniform(0.75, 1.2))))
    rib = []
    for t in np.linspace(0, 1, 22):
        x = at[0] + float(np.cos(angle)) * length * float(t)
        y = at[1] + float(np.sin(angle)) * length * float(t) * 0.8 + 0.15 * float(t) ** 2.2
        rib.append((x, y))
    sheet.line(rib, 0.004, times(tone, 0.7))
    for number, (x, y) in enumerate(rib[1:], 1):
        leaf = 0.06 * (1 - (number / len(rib)) ** 2) + 0.012
        before = rib[number - 1]
        way = np.arctan2(y - before[1], x - before[0])
        for side, share in ((-1, 0.85), (1, 1.0)):
            turn = way + side * 0.75
            tip = (x + float(np.cos(turn)) * leaf * share, y + float(np.sin(turn)) * leaf * share + 0.25 * leaf)
            sheet.line([(x, y), tip], 0.0042, tone if side > 0 else times(tone, 0.86))
