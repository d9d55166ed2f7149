"""A house with a gable, a chimney and light in its windows."""

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around
from flexura_media_worker.providers.canvas.parts.trees import is_white
from flexura_media_worker.providers.canvas.scene import Scene

WALL: Colour = (0.90, 0.84, 0.74)
ROOF: Colour = (0.58, 0.24, 0.18)
WARM: Colour = (1.0, 0.82, 0.48)


def draw(scene: Scene, at: Point, size: float) -> None:
    wall = scene.leading(WALL)[0]
    roof = mix(ROOF, (0.95, 0.97, 1.0), 0.85) if is_white(scene) else ROOF
    size *= 1.4
    sheet = around(scene, at, size)
    pen = Pen(scene, sheet, at, size)
    pen.shape((0.50, 0.30, 0.24), (0.22, 0.6), (0.34, 0.6), (0.34, 0.92), (0.22, 0.92))
    pen.shape(wall, (-0.52, 0.0), (0.14, 0.0), (0.14, 0.44), (-0.52, 0.44))
    pen.shape(times(wall, 0.76), (0.14, 0.0), (0.62, 0.0), (0.62, 0.44), (0.38, 0.80), (0.14, 0.44))
    pen.shape(roof, (-0.60, 0.40), (0.10, 0.40), (0.38, 0.84), (-0.30, 0.84))
    pen.shape(times(roof, 0.74), (0.38, 0.84), (0.68, 0.38), (0.62, 0.38), (0.37, 0.76), (0.14, 0.40), (0.08, 0.40))
    for row in range(1, 6):
        y = 0.40 + 0.073 * row
        pen.line(times(roof, 0.84), 0.007, (-0.60 + 0.05 * row, y), (0.10 + 0.046 * row, y))
    lit = WARM if scene.light.is_dark else (0.34, 0.42, 0.50)
    for x in (-0.42, -0.04):
        window(pen, x, 0.18, lit)
    window(pen, 0.32, 0.20, lit)
    pen.shape((0.34, 0.20, 0.14), (-0.25, 0.0), (-0.12, 0.0), (-0.12, 0.28), (-0.25, 0.28))
    pen.oval((0.9, 0.75, 0.3), (-0.14, 0.13), 0.010, 0.010)
    scene.canvas.lay(sheet)
    if scene.light.is_dark:
        scene.canvas.glow((at[0] - 0.1 * size, at[1] - 0.22 * size), 0.4 * size, WARM, 0.22)
    smoke = scene.canvas.sheet((at[0], at[1] - 1.6 * size, at[0] + size, at[1] - 0.8 * size))
    for puff in range(7):
        spot = (at[0] + (0.28 + 0.05 * puff) * size, at[1] - (0.95 + 0.075 * puff) * size)
        smoke.ellipse(
            spot, (0.04 + 0.012 * puff) * size, (0.035 + 0.008 * puff) * size, scene.light.on((0.92, 0.92, 0.94)), 0.5
        )
    scene.canvas.lay(smoke, 0.7, blur=0.02 * size)


def window(pen: Pen, x: float, y: float, lit: Colour) -> None:
    pen.shape(
        (0.96, 0.94, 0.90),
        (x - 0.015, y - 0.015),
        (x + 0.155, y - 0.015),
        (x + 0.155, y + 0.165),
        (x - 0.015, y + 0.165),
    )
    pen.shape(lit, (x, y), (x + 0.14, y), (x + 0.14, y + 0.15), (x, y + 0.15))
    pen.line((0.96, 0.94, 0.90), 0.012, (x + 0.07, y), (x + 0.07, y + 0.15))
    pen.line((0.96, 0.94, 0.90), 0.012, (x, y + 0.075), (x + 0.14, y + 0.075))
