"""A car from the side, with its lamps on in the dark."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around, shadow
from flexura_media_worker.providers.canvas.scene import Scene

PAINT: Colour = (0.78, 0.16, 0.14)


def draw(scene: Scene, at: Point, size: float) -> None:
    paint = scene.leading(PAINT)[0]
    size *= 0.8
    at = (at[0] + 0.12 * size * scene.time_s, at[1] + 0.006 * size * scene.swing(0.31))
    shadow(scene, at, size)
    sheet = around(scene, at, size)
    pen = Pen(scene, sheet, at, size)
    pen.soft(
        paint,
        (-0.96, 0.20),
        (-0.94, 0.40),
        (-0.55, 0.46),
        (-0.35, 0.70),
        (0.22, 0.72),
        (0.50, 0.48),
        (0.92, 0.40),
        (0.98, 0.20),
        (0.5, 0.13),
        (-0.5, 0.13),
    )
    glass = mix((0.16, 0.22, 0.30), scene.light.middle, 0.35)
    pen.soft(glass, (-0.44, 0.47), (-0.30, 0.65), (-0.06, 0.67), (-0.06, 0.47))
    pen.soft(glass, (0.0, 0.47), (0.0, 0.67), (0.20, 0.66), (0.40, 0.47))
    pen.line(times(paint, 0.6), 0.012, (-0.03, 0.66), (-0.03, 0.18))
    pen.line(mix(paint, (1, 1, 1), 0.5), 0.014, (-0.88, 0.37), (0.0, 0.42), (0.88, 0.36))
    for x in (-0.56, 0.56):
        pen.oval((0.06, 0.06, 0.07), (x, 0.14), 0.17, 0.17)
        pen.oval((0.62, 0.63, 0.66), (x, 0.14), 0.09, 0.09)
        for spoke in range(5):
            angle = 2 * np.pi * spoke / 5 - 3.0 * scene.time_s
            end = (x + 0.08 * float(np.cos(angle)), 0.14 + 0.08 * float(np.sin(angle)))
            pen.line((0.34, 0.35, 0.38), 0.02, (x, 0.14), end)
        pen.oval((0.20, 0.20, 0.22), (x, 0.14), 0.03, 0.03)
    pen.lit((1.0, 0.93, 0.70), (0.92, 0.31), 0.045, 0.04)
    pen.lit((0.95, 0.16, 0.12), (-0.93, 0.32), 0.035, 0.045)
    scene.canvas.lay(sheet)
    if scene.light.is_dark:
        scene.canvas.glow((at[0] + 0.95 * size, at[1] - 0.31 * size), 0.14 * size, (1.0, 0.90, 0.65), 0.8)
        scene.canvas.glow((at[0] - 0.95 * size, at[1] - 0.32 * size), 0.10 * size, (1.0, 0.15, 0.1), 0.6)
