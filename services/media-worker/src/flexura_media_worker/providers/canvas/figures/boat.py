"""A sailing boat with its mirror in the water."""

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around
from flexura_media_worker.providers.canvas.scene import Scene

HULL: Colour = (0.52, 0.24, 0.16)
SAIL: Colour = (0.98, 0.95, 0.88)


def draw(scene: Scene, at: Point, size: float) -> None:
    hull = scene.leading(HULL)[0]
    at = (at[0] + 0.03 * size * scene.time_s, at[1] + 0.02 * size * scene.swing(3.1))
    heel = 0.05 * scene.swing(3.7)
    glass = scene.canvas.sheet((at[0] - size, at[1] - 0.02, at[0] + size, at[1] + size))
    pen = Pen(scene, glass, (at[0], at[1]), size)
    pen.shape(mix(hull, (0.05, 0.15, 0.2), 0.4), (-0.42, 0.0), (0.46, 0.0), (0.34, -0.12), (-0.32, -0.12))
    pen.shape(mix(SAIL, (0.2, 0.4, 0.5), 0.4), (0.0, -0.16), (0.0, -0.72), (0.40, -0.16))
    pen.shape(mix(SAIL, (0.2, 0.4, 0.5), 0.45), (-0.04, -0.16), (-0.04, -0.62), (-0.34, -0.16))
    scene.canvas.lay(glass, 0.42, blur=size * 0.018)
    sheet = around(scene, at, size)
    pen = Pen(scene, sheet, at, size, lean=heel)
    pen.line((0.34, 0.24, 0.16), 0.020, (0.0, 0.08), (0.0, 1.02))
    pen.soft(SAIL, (0.03, 0.98), (0.22, 0.60), (0.44, 0.20), (0.24, 0.17), (0.03, 0.18), (0.06, 0.5))
    pen.soft(times(SAIL, 0.86), (-0.03, 0.90), (-0.20, 0.50), (-0.38, 0.19), (-0.2, 0.18), (-0.03, 0.20))
    for y in (0.36, 0.56, 0.74):
        pen.line(times(SAIL, 0.78), 0.008, (0.05, y), (0.42 - 0.42 * y, y - 0.01))
    pen.shape(scene.leading((0.84, 0.20, 0.18))[0], (0.0, 1.02), (-0.14, 0.98), (0.0, 0.94))
    pen.soft(hull, (-0.50, 0.15), (0.0, 0.12), (0.54, 0.18), (0.36, -0.03), (0.0, -0.05), (-0.36, -0.03))
    pen.line(SAIL, 0.022, (-0.47, 0.125), (0.0, 0.10), (0.50, 0.15))
    scene.canvas.lay(sheet)
    foam = scene.canvas.sheet((at[0] - size, at[1] - 0.1 * size, at[0] + size, at[1] + 0.2 * size))
    for x in (-0.36, -0.15, 0.05, 0.24, 0.4):
        foam.ellipse(
            (at[0] + x * size, at[1] + 0.04 * size), 0.10 * size, 0.012 * size, scene.light.on((0.95, 0.97, 1.0)), 0.8
        )
    scene.canvas.lay(foam, 0.7, blur=size * 0.008)
