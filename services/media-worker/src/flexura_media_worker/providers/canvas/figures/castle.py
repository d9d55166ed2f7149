"""A castle with towers, battlements and flags."""

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.figures.parts import Pen, around
from flexura_media_worker.providers.canvas.scene import Scene

STONE: Colour = (0.58, 0.54, 0.50)
ROOF: Colour = (0.26, 0.30, 0.42)
WINDOW: Colour = (1.0, 0.80, 0.44)
WINDOW_SHAPE = ((-0.016, 0.0), (-0.016, 0.045), (0.0, 0.062), (0.016, 0.045), (0.016, 0.0))


def draw(scene: Scene, at: Point, size: float) -> None:
    sheet = around(scene, at, size)
    pen = Pen(scene, sheet, at, size)
    stone = mix(STONE, scene.light.haze, 0.12)
    flag = scene.leading((0.78, 0.16, 0.16))[0]
    tower(pen, times(stone, 0.82), -0.20, 0.09, 0.72, flag, pointed=True)
    tower(pen, times(stone, 0.80), 0.24, 0.08, 0.62, flag, pointed=True)
    wall(pen, times(stone, 0.92), -0.34, 0.36, 0.40)
    tower(pen, stone, 0.02, 0.12, 0.86, flag, pointed=True)
    tower(pen, times(stone, 1.04), -0.42, 0.09, 0.52, flag, pointed=True)
    tower(pen, times(stone, 0.98), 0.44, 0.09, 0.48, flag, pointed=False)
    wall(pen, times(stone, 1.04), -0.40, 0.42, 0.24)
    pen.soft((0.14, 0.10, 0.09), (-0.05, -0.02), (-0.05, 0.10), (0.02, 0.16), (0.09, 0.10), (0.09, -0.02))
    scene.canvas.lay(sheet)


def wall(pen: Pen, stone: Colour, left: float, right: float, height: float) -> None:
    pen.shape(stone, (left, -0.04), (right, -0.04), (right, height), (left, height))
    battlements(pen, stone, left, right, height)
    for row in range(int(height / 0.06)):
        for column in range(int((right - left) / 0.1)):
            x = left + 0.1 * column + (0.05 if row % 2 else 0)
            pen.line(times(stone, 0.84), 0.006, (x, 0.06 * row), (x + 0.05, 0.06 * row), alpha=0.7)


def battlements(pen: Pen, stone: Colour, left: float, right: float, height: float) -> None:
    count = max(3, round((right - left) / 0.045))
    step = (right - left) / count
    for number in range(0, count, 2):
        x = left + number * step
        pen.shape(stone, (x, height), (x + step, height), (x + step, height + 0.03), (x, height + 0.03))


def tower(pen: Pen, stone: Colour, middle: float, half: float, height: float, flag: Colour, *, pointed: bool) -> None:
    left, right = middle - half, middle + half
    pen.shape(stone, (left, -0.04), (right, -0.04), (right, height), (left, height))
    pen.shape(
        times(stone, 0.72),
        (middle + half * 0.35, -0.04),
        (right, -0.04),
        (right, height),
        (middle + half * 0.35, height),
    )
    wide = half * 1.2
    pen.shape(
        stone,
        (middle - wide, height - 0.03),
        (middle + wide, height - 0.03),
        (middle + wide, height + 0.02),
        (middle - wide, height + 0.02),
    )
    battlements(pen, stone, middle - wide, middle + wide, height + 0.02)
    for y in (0.32, 0.58, 0.8):
        if y * height < height - 0.08:
            sill = y * height
            sides = [(middle + x, sill + up) for x, up in WINDOW_SHAPE]
            pen.soft(times(WINDOW, 0.85), *sides)
    top = height + 0.05
    if pointed:
        pen.shape(ROOF, (middle - wide, top - 0.02), (middle + wide, top - 0.02), (middle, top + half * 2.4))
        pen.shape(
            times(ROOF, 0.7), (middle + wide * 0.3, top - 0.02), (middle + wide, top - 0.02), (middle, top + half * 2.4)
        )
        top += half * 2.4
    pen.line((0.2, 0.16, 0.14), 0.010, (middle, top - 0.02), (middle, top + 0.10))
    pen.shape(flag, (middle, top + 0.10), (middle + 0.09, top + 0.07), (middle, top + 0.04))
