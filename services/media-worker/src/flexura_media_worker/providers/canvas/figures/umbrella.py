"""People who walk under umbrellas."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import WHITE, Colour, mix, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around, shadow, tuft
from flexura_media_worker.providers.canvas.figures.person import draw_body
from flexura_media_worker.providers.canvas.scene import Scene

RED: Colour = (0.85, 0.14, 0.18)
CLOTHES: tuple[Colour, ...] = ((0.30, 0.30, 0.38), (0.48, 0.36, 0.26), (0.22, 0.34, 0.40), (0.42, 0.26, 0.30))
HEM, TOP, HALF = 1.00, 1.33, 0.42
STEP_S = 1.1


def draw(scene: Scene, at: Point, size: float) -> None:
    if scene.brief.subject != "street":  # There they walk already.
        draw_walker(scene, at, size * 1.2, scene.leading(RED)[0])
        tuft(scene, at, size * 0.2)


def draw_walker(scene: Scene, at: Point, size: float, colour: Colour, number: int = 0) -> None:
    """Each number has clothes, a step and a hand of its own."""
    hand = 1 if number % 2 else -1
    stride = float(np.sin(2 * np.pi * (scene.time_s / STEP_S + 0.12 + 0.31 * number)))
    shadow(scene, at, size * 0.22)
    sheet = around(scene, at, size * 1.1)
    light = replace(scene.light, ambient=mix(scene.light.ambient, WHITE, 0.55))  # Lamps are near.
    lean = 0.03 * hand + 0.01 * stride
    pen = Pen(scene, sheet, (at[0], at[1] - 0.008 * size * abs(stride)), size * 0.86, light, lean=lean)
    middle = hand * 0.06
    pen.line((0.75, 0.75, 0.78), 0.016, (hand * 0.12, 0.70), (middle, TOP - 0.02))
    draw_body(pen, CLOTHES[number % len(CLOTHES)], stride=stride, raised=hand)
    ribs = np.linspace(middle - HALF, middle + HALF, 7)
    dome = [(middle + HALF * float(np.cos(a)), HEM + (TOP - HEM) * float(np.sin(a))) for a in np.linspace(0, np.pi, 24)]
    hem: list[Point] = []
    for left, right in pairwise(ribs):
        hem += [(float(left), HEM), (float(left + right) / 2, HEM + 0.035)]
    pen.shape(colour, *dome, *hem, (middle + HALF, HEM))
    for rib, (left, right) in enumerate(pairwise(ribs)):
        if rib % 2:
            corners = ((float(left), HEM), (middle, TOP), (float(right), HEM), (float(left + right) / 2, HEM + 0.035))
            pen.shape(times(colour, 0.74), *corners)
    pen.line(times(colour, 0.5), 0.02, (middle, TOP), (middle, TOP + 0.05))
    scene.canvas.lay(sheet)
