"""People who walk under umbrellas."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import WHITE, Colour, mix, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around, shadow
from flexura_media_worker.providers.canvas.figures.person import draw_body
from flexura_media_worker.providers.canvas.scene import Scene

RED: Colour = (0.85, 0.14, 0.18)


def draw(scene: Scene, at: Point, size: float) -> None:
    if scene.brief.subject != "street":  # There they walk already.
        draw_walker(scene, at, size * 1.2, scene.leading(RED)[0])


def draw_walker(scene: Scene, at: Point, size: float, colour: Colour) -> None:
    shadow(scene, at, size * 0.25)
    sheet = around(scene, at, size)
    light = replace(scene.light, ambient=mix(scene.light.ambient, WHITE, 0.55))  # Lamps are near.
    pen = Pen(scene, sheet, at, size * 0.86, light)
    draw_body(pen, (0.30, 0.30, 0.38))
    pen.line((0.75, 0.75, 0.78), 0.016, (0.10, 0.60), (0.08, 1.24))
    top = 1.22
    ribs = np.linspace(-0.46, 0.46, 7)
    dome = [(0.46 * float(np.cos(a)), 0.86 + 0.36 * float(np.sin(a))) for a in np.linspace(0, np.pi, 24)]
    hem: list[Point] = []
    for left, right in pairwise(ribs):
        hem += [(float(left), 0.86), (float(left + right) / 2, 0.895)]
    pen.shape(colour, *dome, *hem, (0.46, 0.86))
    for number, (left, right) in enumerate(pairwise(ribs)):
        if number % 2:
            pen.shape(
                times(colour, 0.74), (float(left), 0.86), (0.0, top), (float(right), 0.86), ((left + right) / 2, 0.895)
            )
    pen.line(times(colour, 0.5), 0.02, (0.0, top), (0.0, top + 0.05))
    scene.canvas.lay(sheet)
