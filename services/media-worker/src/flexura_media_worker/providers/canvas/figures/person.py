"""A person who stands and looks into the picture."""

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around, shadow, tuft
from flexura_media_worker.providers.canvas.scene import Scene

SKIN: Colour = (0.85, 0.65, 0.52)
TROUSERS: Colour = (0.20, 0.24, 0.34)
HAIR: Colour = (0.24, 0.16, 0.11)
COATS: tuple[Colour, ...] = ((0.72, 0.22, 0.20), (0.22, 0.40, 0.56), (0.85, 0.62, 0.22), (0.26, 0.42, 0.30))


def draw(scene: Scene, at: Point, size: float) -> None:
    coat = scene.leading(COATS[int(scene.rng.integers(len(COATS)))])[0]
    shadow(scene, at, size * 0.2)
    sheet = around(scene, at, size)
    draw_body(Pen(scene, sheet, at, size, lean=0.012 * scene.swing(3.3)), coat)
    scene.canvas.lay(sheet)
    tuft(scene, at, size * 0.18)


def draw_body(pen: Pen, coat: Colour, *, stride: float = 0.0, raised: int = 0) -> None:
    """Seen from behind, in a coat; the stride is how far the right foot is lifted, or the left one below 0."""
    for side in (-1, 1):
        lift = 0.07 * max(0.0, side * stride)
        pen.line(TROUSERS, 0.085, (side * 0.05, 0.46), (side * 0.065, 0.22 + lift), (side * 0.06, 0.03 + lift))
        pen.oval((0.12, 0.09, 0.08), (side * 0.065, 0.02 + lift), 0.05, 0.026 + 0.3 * lift)
        if side == raised:
            continue
        pen.line(times(coat, 0.85), 0.07, (side * 0.13, 0.78), (side * 0.18, 0.62), (side * 0.16, 0.46 + lift))
        pen.oval(SKIN, (side * 0.16, 0.44 + lift), 0.026, 0.03)
    pen.soft(
        coat,
        (-0.12, 0.80),
        (0.0, 0.84),
        (0.12, 0.80),
        (0.14, 0.56),
        (0.15, 0.38),
        (0.0, 0.36),
        (-0.15, 0.38),
        (-0.14, 0.56),
    )
    pen.line(times(coat, 0.7), 0.012, (0.0, 0.80), (0.0, 0.38))
    pen.oval(SKIN, (0.0, 0.86), 0.04, 0.05)
    pen.oval(HAIR, (0.0, 0.935), 0.075, 0.085)
    if raised:
        pen.line(times(coat, 0.85), 0.07, (raised * 0.12, 0.78), (raised * 0.21, 0.66), (raised * 0.13, 0.76))
        pen.oval(SKIN, (raised * 0.12, 0.785), 0.03, 0.03)
