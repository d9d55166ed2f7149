"""A friendly robot."""

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around, shadow, tuft
from flexura_media_worker.providers.canvas.scene import Scene

METAL: Colour = (0.68, 0.73, 0.78)
DARK: Colour = (0.26, 0.29, 0.34)
EYE: Colour = (0.30, 0.92, 1.0)
BLINK_EVERY_S, BLINK_S = 2.9, 0.15


def draw(scene: Scene, at: Point, size: float) -> None:
    accent = scene.leading((0.95, 0.52, 0.16))[0]
    size *= 1.1
    shadow(scene, at, size * 0.36)
    sheet = around(scene, at, size)
    pen = Pen(scene, sheet, at, size, lean=0.02 * scene.swing(2.6))
    wave = 0.07 * scene.swing(0.9)
    blink = 0.15 if scene.time_s % BLINK_EVERY_S > BLINK_EVERY_S - BLINK_S else 1.0
    for side in (-1, 1):
        pen.line(DARK, 0.06, (side * 0.11, 0.30), (side * 0.12, 0.16), (side * 0.11, 0.06))
        pen.oval(METAL, (side * 0.115, 0.175), 0.045, 0.045)
        box(pen, METAL, side * 0.125, 0.0, 0.09, 0.08)
        pen.line(
            DARK,
            0.055,
            (side * 0.20, 0.56),
            (side * 0.33, 0.46),
            (-0.30, 0.32) if side < 0 else (0.40 + wave, 0.62),
        )
        pen.oval(METAL, (side * 0.215, 0.565), 0.06, 0.06)
        pen.oval(METAL, (side * 0.33, 0.46), 0.042, 0.042)
        hand = (-0.30, 0.30) if side < 0 else (0.41 + wave, 0.65)
        pen.oval(times(METAL, 0.9), hand, 0.055, 0.055)
        for finger in (-0.035, 0.0, 0.035):
            pen.line(
                DARK,
                0.018,
                (hand[0] + finger, hand[1]),
                (hand[0] + finger * 1.6, hand[1] + (0.085 if side > 0 else -0.075)),
            )
    box(pen, METAL, 0.0, 0.28, 0.21, 0.36)
    box(pen, times(METAL, 0.8), 0.0, 0.36, 0.14, 0.17)
    for number, tone in enumerate((accent, (0.30, 0.80, 0.40), (0.95, 0.30, 0.30))):
        pen.oval(tone, (-0.07 + 0.07 * number, 0.585), 0.022, 0.022)
    for number in range(4):
        left, top = -0.10 + 0.055 * number, 0.38 + (0.05, 0.10, 0.07, 0.12)[number]
        pen.shape(EYE, (left, 0.38), (left + 0.035, 0.38), (left + 0.035, top), (left, top))
    pen.line(DARK, 0.08, (0.0, 0.63), (0.0, 0.70))
    box(pen, METAL, 0.0, 0.68, 0.19, 0.27)
    box(pen, (0.08, 0.11, 0.15), 0.0, 0.73, 0.15, 0.165)
    for side in (-1, 1):
        pen.oval(accent, (side * 0.205, 0.81), 0.03, 0.055)
        pen.lit(EYE, (side * 0.065, 0.83), 0.038, 0.042 * blink)
        pen.lit((1, 1, 1), (side * 0.065 + 0.012, 0.845), 0.012, 0.012)
    pen.line(EYE, 0.014, (-0.05, 0.77), (0.0, 0.752), (0.05, 0.77))
    pen.line(DARK, 0.018, (0.0, 0.95), (0.0, 1.04))
    pen.oval(accent, (0.0, 1.06), 0.034, 0.034)
    scene.canvas.lay(sheet)
    tuft(scene, at, size * 0.24)
    scene.canvas.glow((at[0], at[1] - 0.83 * size), 0.10 * size, EYE, 0.35)


def box(pen: Pen, colour: Colour, middle: float, low: float, half: float, height: float) -> None:
    """A plate with rounded corners, lit from above."""
    high, corner = low + height, min(half, height / 2) * 0.3
    outline = [
        (middle - half, low + corner), (middle - half, high - corner), (middle - half + corner, high),
        (middle + half - corner, high), (middle + half, high - corner), (middle + half, low + corner),
        (middle + half - corner, low), (middle - half + corner, low),
    ]  # fmt: skip
    pen.shape(times(colour, 0.62), *outline)
    inner = [(middle + (x - middle) * 0.93, low + height / 2 + (y - low - height / 2) * 0.94) for x, y in outline]
    pen.shape(colour, *inner)
    pen.line(
        mix(colour, (1, 1, 1), 0.55),
        height * 0.035,
        (middle - half * 0.75, high - height * 0.09),
        (middle + half * 0.6, high - height * 0.09),
        alpha=0.8,
    )
