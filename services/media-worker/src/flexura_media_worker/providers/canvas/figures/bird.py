"""Birds on the wing: one that is near, others far away."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, times
from flexura_media_worker.providers.canvas.figures.parts import Pen
from flexura_media_worker.providers.canvas.scene import Scene

BODY: Colour = (0.93, 0.94, 0.96)


def draw(scene: Scene, at: Point, size: float) -> None:
    sheet = scene.canvas.sheet()
    for number, (x, y) in enumerate(((-0.9, 0.9), (-1.5, 0.55), (1.2, 1.1), (1.7, 0.7), (0.9, 1.5), (-0.4, 1.4))):
        place = (at[0] + (x + 0.06 * scene.time_s) * size, at[1] - y * size)
        far = Pen(scene, sheet, place, size * (0.16 + 0.03 * (number % 3)))
        flap = 0.3 * scene.swing(0.8 + 0.1 * number)
        wing = (0.3 - flap, 0.42 - 0.5 * flap)
        far.line((0.16, 0.17, 0.22), 0.10, (-0.7, wing[0]), (-0.3, wing[1]), (0, 0), (0.3, wing[1]), (0.7, wing[0]))
    body = scene.leading(BODY)[0]
    beat = scene.swing(1.1)
    up = 1 - 0.55 * (1 - float(np.cos(2 * np.pi * scene.time_s / 1.1))) / 2
    pen = Pen(scene, sheet, (at[0], at[1] + 0.03 * size * beat), size)
    pen.soft(times(body, 0.75), (0.05, 0.05), (0.12, 0.42 * up), (0.46, 0.82 * up), (0.34, 0.40 * up), (0.24, 0.02))
    pen.soft(body, (-0.55, -0.02), (-0.2, 0.10), (0.24, 0.12), (0.44, 0.06), (0.24, -0.08), (-0.2, -0.10))
    pen.shape(times(body, 0.8), (-0.45, 0.03), (-0.80, 0.06), (-0.74, -0.02), (-0.80, -0.10), (-0.42, -0.06))
    pen.soft(body, (-0.05, 0.06), (-0.20, 0.46 * up), (-0.62, 0.86 * up), (-0.12, 0.60 * up), (0.22, 0.06))
    pen.soft((0.22, 0.22, 0.26), (-0.62, 0.86 * up), (-0.46, 0.66 * up), (-0.34, 0.66 * up), (-0.42, 0.76 * up))
    pen.oval(body, (0.44, 0.08), 0.12, 0.10)
    pen.shape((0.95, 0.62, 0.15), (0.53, 0.12), (0.72, 0.04), (0.53, 0.03))
    pen.oval((0.05, 0.05, 0.06), (0.48, 0.11), 0.020, 0.022)
    scene.canvas.lay(sheet)
