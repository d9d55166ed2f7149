"""A lighthouse, with its beam in the dark."""

from itertools import pairwise

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around
from flexura_media_worker.providers.canvas.scene import Scene

WHITE: Colour = (0.96, 0.95, 0.92)
RED: Colour = (0.78, 0.14, 0.13)
LAMP: Colour = (1.0, 0.92, 0.66)
TURN_S = 6.0
BEAM_STEPS = 16


def draw(scene: Scene, at: Point, size: float) -> None:
    lamp = (at[0], at[1] - 0.87 * size)
    if scene.light.is_dark or not scene.light.has_sun:
        draw_beam(scene, lamp, size)
    sheet = around(scene, at, size)
    pen = Pen(scene, sheet, at, size)

    def half(y: float) -> float:
        return 0.115 - 0.05 * y

    stripes = 6
    for stripe in range(stripes):
        low, high = 0.78 * stripe / stripes, 0.78 * (stripe + 1) / stripes
        tone = RED if stripe % 2 else WHITE
        pen.shape(tone, (-half(low), low), (half(low), low), (half(high), high), (-half(high), high))
        pen.shape(
            times(tone, 0.68), (half(low) * 0.25, low), (half(low), low), (half(high), high), (half(high) * 0.25, high)
        )
    for y in (0.18, 0.42, 0.62):
        pen.shape((0.12, 0.12, 0.16), (-0.035, y), (-0.005, y), (-0.005, y + 0.05), (-0.035, y + 0.05))
    pen.shape((0.26, 0.18, 0.14), (-0.04, 0.0), (0.02, 0.0), (0.02, 0.10), (-0.04, 0.10))
    pen.shape((0.15, 0.15, 0.18), (-0.12, 0.78), (0.12, 0.78), (0.12, 0.80), (-0.12, 0.80))
    for x in np.linspace(-0.11, 0.11, 7):
        pen.line((0.15, 0.15, 0.18), 0.006, (float(x), 0.80), (float(x), 0.84))
    pen.line((0.15, 0.15, 0.18), 0.007, (-0.115, 0.84), (0.115, 0.84))
    pen.lit(LAMP, (0.0, 0.87), 0.055, 0.055)
    pen.shape((0.15, 0.15, 0.18), (-0.06, 0.81), (-0.052, 0.81), (-0.052, 0.93), (-0.06, 0.93))
    pen.shape((0.15, 0.15, 0.18), (0.06, 0.81), (0.052, 0.81), (0.052, 0.93), (0.06, 0.93))
    pen.soft(RED, (-0.085, 0.925), (-0.05, 0.98), (0.0, 1.02), (0.05, 0.98), (0.085, 0.925))
    pen.line((0.15, 0.15, 0.18), 0.008, (0.0, 1.01), (0.0, 1.07))
    scene.canvas.lay(sheet)
    scene.canvas.glow(lamp, 0.09 * size, LAMP, 0.9)


def draw_beam(scene: Scene, lamp: Point, size: float) -> None:
    canvas = scene.canvas
    sheet = canvas.sheet((0, lamp[1] - 0.35, canvas.aspect, lamp[1] + 0.35), plain=True)
    # Its lamp turns: seen from the side, a beam is longest when it points to the left or the right.
    turn = float(np.cos(2 * np.pi * scene.time_s / TURN_S))
    for side, lean, reach in ((-1, 0.10, 1.6 * turn), (1, -0.14, 1.2 * turn)):
        for width, alpha in ((0.20, 0.25), (0.13, 0.50), (0.06, 0.85)):
            for start, end in pairwise(np.linspace(0, 1, BEAM_STEPS)):
                near, far = (
                    [(lamp[0] + side * reach * share, lamp[1] + (lean * abs(reach) + up * width * 1.5) * share * 0.5)
                     for up in (-1, 1)] for share in (float(start), float(end))
                )  # fmt: skip
                sheet.polygon([*near, *reversed(far)], LAMP, alpha * (1.15 - float(end)))
    canvas.shine(sheet, 0.75, blur=0.008)
    canvas.glow(lamp, 0.3 * size, LAMP, 0.4)
