"""Fish, from above in a pond and from the side elsewhere."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, blob
from flexura_media_worker.providers.canvas.scene import Scene

GOLD: tuple[Colour, ...] = ((1.0, 0.46, 0.10), (0.98, 0.60, 0.16), (0.94, 0.28, 0.12))
WHITE: Colour = (0.99, 0.95, 0.90)


def draw(scene: Scene, at: Point, size: float) -> None:
    if scene.brief.subject == "pond":
        return  # They are in it already.
    sheet = scene.canvas.sheet()
    colour = scene.leading(*GOLD)[0]
    pen = Pen(scene, sheet, (at[0] + 0.05 * size * scene.time_s, at[1] + 0.03 * size * scene.swing(2.3)), size)
    tail = 0.1 * scene.swing(0.7)
    pen.soft(times(colour, 0.9), (-0.4, 0.0), (-0.78 + tail, 0.26), (-0.68, 0.0), (-0.78 + tail, -0.26))
    pen.soft(colour, (-0.45, 0.0), (-0.1, 0.24), (0.3, 0.2), (0.52, 0.0), (0.3, -0.2), (-0.1, -0.24))
    pen.oval(WHITE, (0.34, 0.06), 0.05, 0.05)
    pen.oval((0.02, 0.02, 0.02), (0.355, 0.06), 0.025, 0.025)
    scene.canvas.lay(sheet)


def draw_from_above(scene: Scene, at: Point, size: float, angle: float) -> None:
    """A body that bends as it swims, fins and a veil of a tail, and the shadow on the ground."""
    canvas, rng = scene.canvas, scene.rng
    colour = scene.leading(*GOLD)
    tone = colour[int(rng.integers(len(colour)))]
    bend = float(rng.uniform(-0.22, 0.22)) + 0.3 * scene.swing(0.9, angle) - 0.3 * float(np.sin(2 * np.pi * angle))
    box = (at[0] - size, at[1] - size, at[0] + size, at[1] + size)
    dark, sheet = canvas.sheet(box), canvas.sheet(box)

    def to(x: float, y: float, shift: float = 0.0) -> Point:
        y = y + bend * (x - 0.3) ** 2
        return (
            at[0] + size * (x * float(np.cos(angle)) - y * float(np.sin(angle))) + shift,
            at[1] + size * (x * float(np.sin(angle)) + y * float(np.cos(angle))) + shift * 1.4,
        )

    body = [
        (0.5, 0.0),
        (0.36, 0.12),
        (0.1, 0.165),
        (-0.2, 0.09),
        (-0.36, 0.03),
        (-0.36, -0.03),
        (-0.2, -0.09),
        (0.1, -0.165),
        (0.36, -0.12),
    ]
    tail = [(-0.3, 0.0), (-0.52, 0.17), (-0.78, 0.24), (-0.62, 0.03), (-0.62, -0.03), (-0.78, -0.24), (-0.52, -0.17)]
    dark.polygon(blob(*(to(x, y, 0.03) for x, y in body)), (0.0, 0.07, 0.09), 0.6)
    dark.polygon(blob(*(to(x, y, 0.03) for x, y in tail)), (0.0, 0.07, 0.09), 0.4)
    canvas.lay(dark, 0.8, blur=size * 0.05)
    light = scene.light
    fin = light.on(mix(tone, WHITE, 0.35))
    for side in (-1, 1):
        wing = [(0.2, side * 0.12), (0.10, side * 0.34), (-0.06, side * 0.32), (0.04, side * 0.12)]
        sheet.polygon(blob(*(to(x, y) for x, y in wing)), fin, 0.8)
    sheet.polygon(blob(*(to(x, y) for x, y in tail)), fin, 0.85)
    for ray in (-0.16, -0.08, 0.08, 0.16):
        sheet.line([to(-0.36, ray * 0.2), to(-0.70, ray * 1.2)], size * 0.008, light.on(tone), 0.7)
    sheet.polygon(blob(*(to(x, y) for x, y in body)), light.on(tone))
    sheet.polygon(blob(*(to(x * 0.8 + 0.02, y * 0.45) for x, y in body)), light.on(mix(tone, WHITE, 0.28)), 0.7)
    if rng.random() < 0.6:
        spot = float(rng.uniform(-0.1, 0.2))
        sheet.ellipse(to(spot, 0.02), size * 0.10, size * 0.08, light.on(WHITE), 0.9)
    for side in (-1, 1):
        sheet.ellipse(to(0.40, side * 0.085), size * 0.026, size * 0.026, (0.05, 0.04, 0.04))
    canvas.lay(sheet)
