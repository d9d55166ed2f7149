"""A dog that stands and wags."""

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around, shadow, tuft
from flexura_media_worker.providers.canvas.scene import Scene

COATS: tuple[Colour, ...] = ((0.76, 0.52, 0.28), (0.50, 0.33, 0.20), (0.90, 0.80, 0.64))
WHITE: Colour = (0.97, 0.95, 0.90)
COLLAR: Colour = (0.80, 0.14, 0.14)


def draw(scene: Scene, at: Point, size: float) -> None:
    coat = scene.leading(COATS[int(scene.rng.integers(len(COATS)))])[0]
    dark, pale = times(coat, 0.72), mix(coat, WHITE, 0.62)
    shadow(scene, at, size * 0.6)
    sheet = around(scene, at, size)
    pen = Pen(scene, sheet, at, size)
    wag = 0.13 * scene.swing(0.5)
    pen.line(coat, 0.085, (-0.42, 0.58), (-0.56, 0.70), (-0.60 + wag, 0.86))
    pen.line(pale, 0.06, (-0.59 + wag * 0.8, 0.82), (-0.60 + wag, 0.90))
    draw_legs(pen, dark, dark, 0.10)
    pen.soft(
        coat,
        (-0.47, 0.56), (-0.36, 0.655), (-0.10, 0.635), (0.14, 0.66), (0.30, 0.74), (0.42, 0.66), (0.43, 0.52),
        (0.34, 0.37), (0.18, 0.33), (-0.06, 0.40), (-0.24, 0.45), (-0.44, 0.42),
    )  # fmt: skip
    pen.soft(
        times(coat, 0.86), (0.30, 0.37), (0.16, 0.335), (-0.06, 0.402), (-0.24, 0.455), (-0.06, 0.45), (0.18, 0.41)
    )
    draw_legs(pen, coat, pale, 0.0)
    pen.soft(pale, (0.36, 0.68), (0.435, 0.62), (0.43, 0.50), (0.36, 0.40), (0.33, 0.52))
    pen.soft(coat, (0.20, 0.66), (0.27, 0.86), (0.38, 0.98), (0.56, 0.84), (0.47, 0.70), (0.42, 0.60))
    pen.line(COLLAR, 0.05, (0.25, 0.74), (0.38, 0.69), (0.48, 0.73))
    pen.oval((0.95, 0.80, 0.25), (0.42, 0.645), 0.028, 0.032)
    draw_head(pen, coat, dark, 0.012 * scene.swing(0.5))
    scene.canvas.lay(sheet)
    tuft(scene, at, size * 0.5)


def draw_legs(pen: Pen, coat: Colour, foot: Colour, ahead: float) -> None:
    """A hind leg with its thigh and hock, and a straight one in front; both farther ahead on the far side."""
    x = ahead
    pen.soft(
        coat, (x - 0.48, 0.54), (x - 0.34, 0.58), (x - 0.24, 0.44), (x - 0.32, 0.28), (x - 0.42, 0.25), (x - 0.46, 0.38)
    )
    pen.line(coat, 0.082, (x - 0.38, 0.29), (x - 0.45, 0.19), (x - 0.42, 0.045))
    pen.soft(coat, (x + 0.22, 0.56), (x + 0.38, 0.54), (x + 0.36, 0.34), (x + 0.30, 0.26), (x + 0.24, 0.36))
    pen.line(coat, 0.086, (x + 0.30, 0.36), (x + 0.295, 0.20), (x + 0.30, 0.045))
    for paw in (x - 0.395, x + 0.325):
        pen.oval(foot, (paw, 0.034), 0.068, 0.036)


def draw_head(pen: Pen, coat: Colour, dark: Colour, pant: float) -> None:
    pen.oval(coat, (0.46, 0.93), 0.19, 0.165)
    pen.soft(coat, (0.50, 1.00), (0.64, 0.95), (0.76, 0.90), (0.75, 0.80), (0.54, 0.77))
    pen.soft(mix(coat, WHITE, 0.62), (0.60, 0.87), (0.75, 0.86), (0.74, 0.79), (0.60, 0.775))
    pen.oval((0.08, 0.06, 0.06), (0.752, 0.90), 0.042, 0.034)
    pen.soft((0.92, 0.44, 0.48), (0.62, 0.785), (0.70, 0.79), (0.69, 0.695 - pant), (0.64, 0.69 - pant))
    pen.line(times(dark, 0.6), 0.014, (0.74, 0.845), (0.68, 0.785), (0.58, 0.80))
    pen.oval((0.06, 0.04, 0.04), (0.55, 0.965), 0.032, 0.036)
    pen.oval((1, 1, 1), (0.56, 0.98), 0.011, 0.011)
    pen.soft(dark, (0.36, 1.09), (0.46, 1.06), (0.44, 0.90), (0.37, 0.74), (0.28, 0.76), (0.28, 0.96))
