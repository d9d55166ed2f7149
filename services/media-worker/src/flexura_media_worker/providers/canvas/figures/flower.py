"""One flower, near."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around
from flexura_media_worker.providers.canvas.scene import Scene

PETAL: Colour = (0.93, 0.26, 0.36)
PETALS = 11


def draw(scene: Scene, at: Point, size: float) -> None:
    if scene.brief.figures[0] != "flower":
        return  # The meadow is full of them.
    colour = scene.leading(PETAL)[0]
    sheet = around(scene, at, size * 1.3)
    pen = Pen(scene, sheet, at, size * 1.3, lean=0.06 * scene.swing(2.9))
    green: Colour = (0.22, 0.48, 0.18)
    pen.line(green, 0.030, (0.0, 0.0), (0.03, 0.3), (0.0, 0.66))
    pen.soft(green, (0.02, 0.20), (0.16, 0.36), (0.30, 0.38), (0.18, 0.22))
    pen.soft(times(green, 0.85), (0.02, 0.12), (-0.14, 0.26), (-0.28, 0.26), (-0.14, 0.12))
    for ring, shade in ((0.26, 0.8), (0.22, 1.0)):
        for number in range(PETALS):
            angle = 2 * np.pi * (number + (0.5 if shade < 1 else 0)) / PETALS
            along, side = (float(np.cos(angle)), float(np.sin(angle))), (-float(np.sin(angle)), float(np.cos(angle)))
            middle = (along[0] * ring * 0.6, 0.72 + along[1] * ring * 0.6)
            tip = (along[0] * ring, 0.72 + along[1] * ring)
            left = (middle[0] + side[0] * 0.055, middle[1] + side[1] * 0.055)
            right = (middle[0] - side[0] * 0.055, middle[1] - side[1] * 0.055)
            pen.soft(times(colour, shade * (0.9 + 0.1 * (number % 2))), (0.0, 0.72), left, tip, right)
    pen.oval((0.45, 0.28, 0.10), (0.0, 0.72), 0.085, 0.085)
    pen.oval((0.95, 0.74, 0.20), (-0.01, 0.73), 0.065, 0.065)
    scene.canvas.lay(sheet)
