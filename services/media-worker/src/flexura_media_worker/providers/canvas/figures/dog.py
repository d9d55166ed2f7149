"""A dog that stands and wags."""

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around, shadow
from flexura_media_worker.providers.canvas.scene import Scene

COATS: tuple[Colour, ...] = ((0.76, 0.52, 0.28), (0.42, 0.28, 0.18), (0.90, 0.84, 0.74))
WHITE: Colour = (0.97, 0.95, 0.90)


def draw(scene: Scene, at: Point, size: float) -> None:
    coat = scene.leading(COATS[int(scene.rng.integers(len(COATS)))])[0]
    dark = times(coat, 0.7)
    shadow(scene, at, size * 0.62)
    sheet = around(scene, at, size)
    pen = Pen(scene, sheet, at, size)
    pen.line(coat, 0.075, (-0.44, 0.52), (-0.62, 0.66), (-0.66, 0.84))
    for x in (-0.32, 0.24):
        pen.line(dark, 0.115, (x + 0.06, 0.42), (x + 0.07, 0.2), (x + 0.06, 0.04))
    pen.soft(
        coat,
        (-0.46, 0.56),
        (-0.30, 0.66),
        (0.05, 0.64),
        (0.34, 0.72),
        (0.42, 0.50),
        (0.30, 0.34),
        (-0.05, 0.36),
        (-0.38, 0.34),
    )
    pen.soft(WHITE, (0.22, 0.58), (0.40, 0.62), (0.42, 0.44), (0.30, 0.34))
    for x in (-0.38, 0.30):
        pen.line(coat, 0.125, (x, 0.44), (x - 0.02, 0.22), (x, 0.05))
        pen.oval(WHITE, (x + 0.025, 0.035), 0.085, 0.04)
    pen.line(coat, 0.24, (0.30, 0.60), (0.42, 0.80))
    pen.line((0.80, 0.14, 0.14), 0.05, (0.24, 0.70), (0.38, 0.66), (0.50, 0.70))
    pen.oval((0.95, 0.80, 0.25), (0.41, 0.62), 0.03, 0.035)
    draw_head(pen, coat, dark)
    scene.canvas.lay(sheet)


def draw_head(pen: Pen, coat: Colour, dark: Colour) -> None:
    pen.oval(coat, (0.46, 0.90), 0.20, 0.18)
    pen.soft(coat, (0.50, 0.96), (0.66, 0.90), (0.74, 0.84), (0.70, 0.74), (0.52, 0.74))
    pen.soft(WHITE, (0.58, 0.84), (0.72, 0.83), (0.72, 0.75), (0.58, 0.74))
    pen.oval((0.08, 0.06, 0.06), (0.735, 0.855), 0.045, 0.036)
    pen.line(times(dark, 0.6), 0.014, (0.72, 0.80), (0.66, 0.755), (0.58, 0.77))
    pen.soft((0.92, 0.44, 0.48), (0.60, 0.755), (0.68, 0.755), (0.67, 0.66), (0.62, 0.65))
    pen.oval((0.06, 0.04, 0.04), (0.54, 0.93), 0.034, 0.038)
    pen.oval((1, 1, 1), (0.55, 0.945), 0.011, 0.011)
    pen.soft(dark, (0.36, 1.06), (0.46, 1.02), (0.42, 0.84), (0.34, 0.70), (0.26, 0.74), (0.28, 0.94))
