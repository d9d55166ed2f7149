"""Trees: pines for forests, and broad ones that branch."""

import numpy as np

from flexura_media_worker.providers.canvas.brief import Season, Weather
from flexura_media_worker.providers.canvas.canvas import Point, Sheet
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.light import leaves
from flexura_media_worker.providers.canvas.scene import Scene

PINE: Colour = (0.10, 0.24, 0.16)
BARK: Colour = (0.28, 0.19, 0.13)
SNOW: Colour = (0.93, 0.96, 1.0)
LIMBS = 6  # How often a tree branches,
LEAFY = 3  # and how many of these carry leaves.


def is_white(scene: Scene) -> bool:
    return scene.brief.weather is Weather.SNOW or scene.brief.season is Season.WINTER


def draw_pine(sheet: Sheet, scene: Scene, foot: Point, height: float, distance: float) -> None:
    """Tiers of branches, each wider than the one above, with snow on them in winter."""
    rng, light = scene.rng, scene.light
    x, y = foot
    sheet.rectangle((x - height * 0.025, y - height * 0.15, x + height * 0.025, y), light.on(BARK, distance))
    tiers = 7
    for tier in range(tiers):
        down = (tier + 1) / tiers
        middle = y - height * (1 - 0.88 * down)
        half = height * 0.24 * down**0.85 * float(rng.uniform(0.88, 1.12))
        top = middle - height * 0.24
        shade = light.on(times(PINE, 0.72 + 0.5 * (1 - down)), distance)
        jag = [
            (x + half * t, middle - height * (0.03 if i % 2 else 0))
            for i, t in enumerate((1, 0.6, 0.25, -0.2, -0.6, -1))
        ]
        sheet.polygon([(x, top), *jag], shade)
        if is_white(scene):
            cap = [(x, top), (x + half * 0.46, middle - height * 0.10), (x + half * 0.15, middle - height * 0.085)]
            cap += [(x - half * 0.22, middle - height * 0.075), (x - half * 0.62, middle - height * 0.065)]
            sheet.polygon(cap, light.on(SNOW, distance), 0.88)


def draw_broad(sheet: Sheet, scene: Scene, foot: Point, height: float, distance: float = 0.0) -> None:
    """A trunk that branches until it carries leaves."""
    limbs = Limbs(sheet, scene, distance)
    limbs.grow(foot, height * 0.30, -np.pi / 2, height * 0.055, LIMBS)
    tips = limbs.tips
    tones = leaves(scene.brief)
    rng = scene.rng
    cloud = [
        (tip[0] + float(dx) * height * 0.06, tip[1] + float(dy) * height * 0.05, float(size))
        for tip in tips
        for dx, dy, size in zip(*rng.normal(0, 1, (2, scene.many(9))), rng.random(scene.many(9)), strict=True)
    ]
    cloud.sort(key=lambda leaf: -leaf[1])
    top, bottom = min(leaf[1] for leaf in cloud), max(leaf[1] for leaf in cloud)
    for x, y, size in cloud:
        up = 1 - (y - top) / max(bottom - top, 1e-6)
        tone = mix(tones[int(rng.integers(3))], tones[1], 0.3)
        shade = scene.light.on(times(tone, 0.58 + 0.42 * up + 0.15 * size), distance)
        sheet.ellipse((x, y), height * (0.010 + 0.014 * size), height * (0.008 + 0.011 * size), shade, 0.95)


class Limbs:
    """Branches in two, again and again, and remembers where leaves belong."""

    def __init__(self, sheet: Sheet, scene: Scene, distance: float) -> None:
        self.tips: list[Point] = []
        self._sheet = sheet
        self._scene = scene
        self._distance = distance

    def grow(self, at: Point, length: float, angle: float, width: float, left: int) -> None:
        rng = self._scene.rng
        end = (at[0] + float(np.cos(angle)) * length, at[1] + float(np.sin(angle)) * length)
        self._sheet.line([at, end], width, self._scene.light.on(times(BARK, 0.75 + 0.06 * left), self._distance))
        if left <= LEAFY:
            self.tips.append(end)
        if left == 0:
            return
        for side in (-1, 1):
            turn = side * float(rng.uniform(0.25, 0.62)) + float(rng.normal(0, 0.08))
            self.grow(end, length * float(rng.uniform(0.68, 0.82)), angle + turn, width * 0.68, left - 1)
