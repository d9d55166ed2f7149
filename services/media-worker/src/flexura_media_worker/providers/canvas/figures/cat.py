"""A cat that sits and lifts a paw."""

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around, shadow
from flexura_media_worker.providers.canvas.figures.play import reached, rolled
from flexura_media_worker.providers.canvas.scene import Scene

COATS: tuple[Colour, ...] = ((0.92, 0.58, 0.26), (0.88, 0.52, 0.22), (0.44, 0.42, 0.44), (0.86, 0.80, 0.72))
WHITE: Colour = (0.97, 0.94, 0.90)
EYE: Colour = (0.44, 0.72, 0.30)
BLINK_EVERY_S, BLINK_S = 2.7, 0.14


def draw(scene: Scene, at: Point, size: float) -> None:
    coat = scene.leading(COATS[int(scene.rng.integers(len(COATS)))])[0]
    dark = times(coat, 0.72)
    shadow(scene, at, size * 0.5)
    sheet = around(scene, at, size)
    pen = Pen(scene, sheet, at, size)
    swish, reach = 0.09 * scene.swing(1.6), reached(scene.time_s)
    tail = ((-0.22, 0.08), (-0.52, 0.06), (-0.66 + swish * 0.4, 0.24), (-0.56 + swish, 0.44), (-0.46 + 2 * swish, 0.46))
    pen.line(dark, 0.10, *tail)
    pen.soft(coat, (-0.30, 0.0), (-0.34, 0.24), (-0.18, 0.52), (0.02, 0.62), (0.18, 0.52), (0.24, 0.24), (0.20, 0.0))
    pen.soft(times(coat, 0.86), (-0.34, 0.0), (-0.36, 0.16), (-0.22, 0.30), (-0.06, 0.20), (-0.04, 0.0))
    for stripe in range(3):
        y = 0.26 + 0.10 * stripe
        pen.line(dark, 0.022, (-0.30 + 0.05 * stripe, y), (-0.20 + 0.04 * stripe, y + 0.02), (-0.12 + 0.03 * stripe, y))
    pen.soft(WHITE, (0.02, 0.50), (0.16, 0.46), (0.18, 0.20), (0.08, 0.14), (0.0, 0.28))
    pen.line(coat, 0.11, (0.06, 0.34), (0.05, 0.05))
    pen.oval(WHITE, (0.08, 0.035), 0.075, 0.04)
    paw = (0.42 + 0.10 * reach, 0.36 - 0.24 * reach)
    pen.line(coat, 0.10, (0.16, 0.38), (0.32 + 0.02 * reach, 0.28 - 0.02 * reach), paw)
    pen.oval(WHITE, (paw[0] + 0.015, paw[1] + 0.01), 0.06, 0.05)
    is_awake = scene.time_s % BLINK_EVERY_S < BLINK_EVERY_S - BLINK_S
    draw_head(pen, coat, dark, look=rolled(scene.time_s) - 0.5 * reach, is_awake=is_awake)
    scene.canvas.lay(sheet)


def draw_head(pen: Pen, coat: Colour, dark: Colour, *, look: float, is_awake: bool) -> None:
    """Looks ahead at 0, after the ball at 1."""
    x, y = 0.10 + 0.02 * look, 0.74 - 0.012 * abs(look)
    for side in (-1, 1):
        pen.shape(coat, (x + side * 0.20, y + 0.04), (x + side * 0.19, y + 0.32), (x + side * 0.03, y + 0.16))
        pen.shape(
            (0.90, 0.60, 0.58), (x + side * 0.165, y + 0.10), (x + side * 0.165, y + 0.25), (x + side * 0.075, y + 0.15)
        )
    pen.oval(coat, (x, y), 0.225, 0.19)
    for stripe in (-0.06, 0.0, 0.06):
        pen.line(dark, 0.020, (x + stripe, y + 0.18), (x + stripe * 0.8, y + 0.09))
    pen.oval(WHITE, (x, y - 0.085), 0.11, 0.085)
    for side in (-1, 1):
        eye = (x + side * 0.088 + 0.012 * look, y + 0.015)
        if is_awake:
            pen.oval((0.98, 0.98, 0.90), eye, 0.052, 0.054)
            pen.oval(EYE, eye, 0.046, 0.048)
            pen.oval((0.03, 0.03, 0.03), (eye[0] + 0.008 + 0.010 * look, eye[1] - 0.006), 0.022, 0.042)
            pen.oval((1, 1, 1), (eye[0] - 0.012, eye[1] + 0.020), 0.012, 0.012)
        else:
            pen.line(dark, 0.014, (eye[0] - 0.045, eye[1]), (eye[0], eye[1] - 0.02), (eye[0] + 0.045, eye[1]))
        for whisker in (-0.02, 0.02):
            pen.line(
                mix(WHITE, dark, 0.2), 0.007, (x + side * 0.08, y - 0.07), (x + side * 0.33, y - 0.06 + whisker * 2)
            )
        pen.line(dark, 0.012, (x, y - 0.095), (x + side * 0.035, y - 0.125), (x + side * 0.065, y - 0.11))
    pen.shape((0.86, 0.44, 0.44), (x - 0.030, y - 0.05), (x + 0.030, y - 0.05), (x, y - 0.085))
