"""A room by the fire: wall, boards, rug, window, armchair, lamp."""

from dataclasses import replace

import numpy as np

from flexura_media_worker.providers.canvas.brief import Weather
from flexura_media_worker.providers.canvas.canvas import Sheet
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.parts.ground import texture
from flexura_media_worker.providers.canvas.scene import Scene, Stage

FLOOR = 0.70
FIRE: Colour = (1.0, 0.55, 0.16)
WOOD: Colour = (0.48, 0.30, 0.18)
LAMPLIGHT: Colour = (1.0, 0.86, 0.74)


def draw(scene: Scene) -> Stage:
    canvas = scene.canvas
    wall = mix(scene.leading((0.56, 0.42, 0.34))[0], (0.5, 0.4, 0.32), 0.5)
    canvas.gradient(0, FLOOR, ((0.0, times(wall, 0.62)), (1.0, times(wall, 0.86))))
    draw_floor(scene)
    texture(scene, 0.0, 90, 0.03, stretch=1)
    draw_window(scene, 0.16 * canvas.aspect)
    draw_pictures(scene, 0.86 * canvas.aspect)
    hearth = 0.54 * canvas.aspect
    draw_hearth(scene, hearth)
    draw_rug(scene)
    chair = canvas.sheet()
    draw_armchair(chair, 0.17 * canvas.aspect, 0.86, 0.36)
    draw_shelf(chair, scene, 0.90 * canvas.aspect)
    canvas.lay(chair)
    draw_lamp(scene, 0.335 * canvas.aspect)
    canvas.glow((hearth, 0.66), 0.40, FIRE, 0.22)
    canvas.tint(0, 1, (0.10, 0.04, 0.02), (0.25, 0.0, 0.0, 0.18))
    # In a wide picture there is room to come nearer.
    size = 0.32 * min(1.3, max(1.0, canvas.aspect))
    yarn = (0.46 + 0.66 * size / max(1.0, canvas.aspect), 0.93, 0.28 * size)
    indoors = replace(scene.light, ambient=LAMPLIGHT, thickness=0.0)
    return Stage(0.90, size, places={"cat": (0.46, 0.92, size), "yarn": yarn}, light=indoors)


def draw_floor(scene: Scene) -> None:
    canvas = scene.canvas
    canvas.gradient(FLOOR, 1.0, ((0.0, times(WOOD, 0.66)), (1.0, times(WOOD, 1.1))))
    sheet = canvas.sheet((0, FLOOR, canvas.aspect, 1))
    middle = canvas.aspect / 2
    for board in range(-14, 15):
        near, far = middle + board * 0.16, middle + board * 0.085
        tone = times(WOOD, float(scene.rng.uniform(0.72, 1.15)))
        sheet.polygon([(far, FLOOR), (far + 0.085, FLOOR), (near + 0.16, 1.02), (near, 1.02)], tone, 0.55)
        sheet.line([(far, FLOOR), (near, 1.02)], 0.002, times(WOOD, 0.4), 0.8)
    sheet.rectangle((0, FLOOR - 0.001, canvas.aspect, FLOOR + 0.012), times(WOOD, 0.45))
    canvas.lay(sheet)
    skirting = canvas.sheet((0, FLOOR - 0.04, canvas.aspect, FLOOR + 0.01))
    skirting.rectangle((0, FLOOR - 0.03, canvas.aspect, FLOOR), (0.62, 0.52, 0.44))
    canvas.lay(skirting)


def draw_window(scene: Scene, at: float) -> None:
    canvas, light = scene.canvas, scene.light
    left, top, right, bottom = at - 0.13, 0.14, at + 0.13, 0.48
    sheet = canvas.sheet((left - 0.08, top - 0.06, right + 0.08, bottom + 0.08))
    sheet.rectangle((left - 0.018, top - 0.018, right + 0.018, bottom + 0.018), (0.80, 0.74, 0.66))
    steps = 24
    for step in range(steps):
        y = top + (bottom - top) * step / steps
        tone = mix(light.top, light.horizon, step / steps)
        sheet.rectangle((left, y, right, y + (bottom - top) / steps + 0.002), tone)
    sheet.polygon([(left, bottom), (left, bottom - 0.07), (at - 0.05, bottom - 0.13), (at + 0.05, bottom - 0.06),
                   (right, bottom - 0.10), (right, bottom)], times(light.on((0.26, 0.32, 0.40), 0.4), 0.8))  # fmt: skip
    if scene.brief.weather in {Weather.SNOW, Weather.RAIN, Weather.STORM}:
        for x, y in scene.rng.random((60, 2)):
            sheet.ellipse((left + x * (right - left), top + y * (bottom - top)), 0.0025, 0.0025, (0.95, 0.97, 1.0), 0.9)
    bar = (0.80, 0.74, 0.66)
    sheet.rectangle((at - 0.006, top, at + 0.006, bottom), bar)
    sheet.rectangle((left, (top + bottom) / 2 - 0.006, right, (top + bottom) / 2 + 0.006), bar)
    sheet.rectangle((left - 0.02, bottom + 0.016, right + 0.02, bottom + 0.034), (0.86, 0.80, 0.72))
    for side, edge in ((-1, left), (1, right)):
        for fold in range(4):
            x = edge + side * (0.012 - 0.016 * fold)
            tone = times((0.62, 0.20, 0.18), 0.75 + 0.15 * (fold % 2))
            sheet.rectangle((x - 0.010, top - 0.05, x + 0.010, bottom + 0.06), tone)
    canvas.lay(sheet)


def draw_pictures(scene: Scene, at: float) -> None:
    sheet = scene.canvas.sheet((at - 0.2, 0.1, at + 0.2, 0.42))
    for x, y, width, height, tone in (
        (-0.05, 0.16, 0.15, 0.19, (0.30, 0.44, 0.50)),
        (0.09, 0.21, 0.09, 0.12, (0.70, 0.52, 0.30)),
    ):
        left, top = at + x - width / 2, y
        sheet.rectangle((left - 0.01, top - 0.01, left + width + 0.01, top + height + 0.01), (0.30, 0.19, 0.10))
        sheet.rectangle((left, top, left + width, top + height), (0.90, 0.86, 0.76))
        sheet.rectangle((left + 0.015, top + 0.015, left + width - 0.015, top + height - 0.015), tone)
        sheet.ellipse((left + width * 0.6, top + height * 0.4), width * 0.14, width * 0.14, (0.96, 0.84, 0.5))
    scene.canvas.lay(sheet)


def draw_hearth(scene: Scene, at: float) -> None:
    """Chimney breast, mantel, opening, logs and flames."""
    canvas, rng = scene.canvas, scene.rng
    sheet = canvas.sheet((at - 0.28, 0.0, at + 0.28, 0.78))
    brick: Colour = (0.56, 0.30, 0.22)
    sheet.rectangle((at - 0.20, 0.0, at + 0.20, FLOOR + 0.02), times(brick, 0.5))
    row_height = 0.026
    for row in range(int((FLOOR + 0.02) / row_height) + 1):
        for column in range(-5, 6):
            x = at + column * 0.062 + (0.031 if row % 2 else 0.0)
            box = (
                max(at - 0.20, x - 0.029),
                row * row_height,
                min(at + 0.20, x + 0.029),
                (row + 1) * row_height - 0.004,
            )
            if box[2] > box[0] and box[3] < FLOOR + 0.02:
                sheet.rectangle(box, times(brick, float(rng.uniform(0.62, 0.95))))
    sheet.rectangle((at - 0.24, 0.36, at + 0.24, 0.395), times(WOOD, 0.95))
    sheet.rectangle((at - 0.24, 0.388, at + 0.24, 0.398), times(WOOD, 0.5))
    for x, size, tone in (
        (-0.17, 0.05, (0.72, 0.62, 0.30)),
        (-0.11, 0.035, (0.30, 0.45, 0.42)),
        (0.15, 0.06, (0.42, 0.22, 0.30)),
    ):
        sheet.polygon([(at + x - size * 0.3, 0.36), (at + x + size * 0.3, 0.36), (at + x + size * 0.2, 0.36 - size),
                       (at + x - size * 0.2, 0.36 - size)], tone)  # fmt: skip
    sheet.rectangle((at - 0.125, 0.46, at + 0.125, FLOOR + 0.01), (0.05, 0.03, 0.03))
    sheet.ellipse((at, 0.465), 0.125, 0.04, (0.05, 0.03, 0.03))
    sheet.rectangle((at - 0.23, FLOOR, at + 0.23, FLOOR + 0.03), (0.36, 0.33, 0.32))
    canvas.lay(sheet)
    canvas.glow((at, 0.62), 0.09, FIRE, 0.7)
    flames = canvas.sheet((at - 0.14, 0.42, at + 0.14, 0.74))
    for shade, size in (((0.95, 0.28, 0.06), 1.0), ((1.0, 0.58, 0.10), 0.72), ((1.0, 0.88, 0.42), 0.42)):
        for tongue in range(-3, 4):
            height = (0.17 - 0.018 * abs(tongue)) * size * float(rng.uniform(0.75, 1.1))
            x = at + tongue * 0.026 + float(rng.normal(0, 0.003))
            lean = float(rng.normal(0, 0.016))
            half = 0.024 * (0.5 + size / 2)
            left = [
                (x - half * np.sin(np.pi * (0.35 + 0.65 * t)) + lean * t, 0.685 - height * t)
                for t in np.linspace(0, 1, 9)
            ]
            right = [
                (x + half * np.sin(np.pi * (0.35 + 0.65 * t)) + lean * t, 0.685 - height * t)
                for t in np.linspace(1, 0, 9)
            ]
            flames.polygon([(float(a), float(b)) for a, b in left + right], shade, 0.9)
    canvas.lay(flames, blur=0.003)
    logs = canvas.sheet((at - 0.14, 0.6, at + 0.14, 0.74))
    for x, y, slope in ((-0.02, 0.69, 0.012), (0.02, 0.675, -0.014)):
        logs.line([(at + x - 0.08, y + slope), (at + x + 0.08, y - slope)], 0.030, (0.22, 0.12, 0.08))
        logs.ellipse((at + x + 0.08, y - slope), 0.012, 0.015, (0.55, 0.34, 0.20))
    canvas.lay(logs)


def draw_rug(scene: Scene) -> None:
    canvas = scene.canvas
    sheet = canvas.sheet((0, FLOOR, canvas.aspect, 1))
    middle = (canvas.aspect * 0.52, 0.885)
    for size, tone in (
        (1.0, (0.52, 0.14, 0.14)),
        (0.9, (0.84, 0.68, 0.44)),
        (0.84, (0.60, 0.18, 0.16)),
        (0.5, (0.84, 0.68, 0.44)),
        (0.45, (0.44, 0.12, 0.14)),
    ):
        sheet.ellipse(middle, 0.40 * size, 0.088 * size, tone)
    canvas.lay(sheet)


def draw_armchair(sheet: Sheet, x: float, foot: float, size: float) -> None:
    tone: Colour = (0.24, 0.36, 0.36)
    dark = times(tone, 0.66)
    sheet.ellipse((x, foot), size * 0.55, size * 0.08, (0.05, 0.02, 0.01), 0.5)
    for leg in (-0.36, 0.36):
        sheet.rectangle((x + leg * size - 0.012, foot - 0.06, x + leg * size + 0.012, foot), times(WOOD, 0.5))
    sheet.rectangle((x - size * 0.36, foot - size * 0.95, x + size * 0.36, foot - size * 0.2), tone)
    sheet.ellipse((x, foot - size * 0.95), size * 0.36, size * 0.10, tone)
    for row in range(3):
        for column in range(3):
            spot = (x + (column - 1) * size * 0.2, foot - size * (0.86 - 0.17 * row))
            sheet.ellipse(spot, 0.006, 0.006, dark)
    sheet.rectangle((x - size * 0.40, foot - size * 0.46, x + size * 0.40, foot - size * 0.16), times(tone, 1.2))
    sheet.ellipse((x, foot - size * 0.46), size * 0.36, size * 0.055, times(tone, 1.4))
    for side in (-1, 1):
        left, right = sorted((x + side * size * 0.36, x + side * size * 0.54))
        sheet.rectangle((left, foot - size * 0.58, right, foot - size * 0.12), times(tone, 1.05 if side < 0 else 0.85))
        sheet.ellipse(
            ((left + right) / 2, foot - size * 0.58), size * 0.09, size * 0.07, times(tone, 1.3 if side > 0 else 1.15)
        )
    cushion = ((-0.22, 0.52), (0.10, 0.50), (0.14, 0.80), (-0.18, 0.82))
    sheet.polygon([(x + size * across, foot - size * up) for across, up in cushion], (0.80, 0.48, 0.22))


def draw_shelf(sheet: Sheet, scene: Scene, at: float) -> None:
    rng = scene.rng
    left, right, top, bottom = at - 0.13, at + 0.16, 0.44, FLOOR + 0.06
    sheet.rectangle((left, top, right, bottom), times(WOOD, 0.5))
    rows = 3
    for row in range(rows):
        y0 = top + 0.015 + row * (bottom - top) / rows
        y1 = top + (row + 1) * (bottom - top) / rows
        sheet.rectangle((left + 0.012, y0, right - 0.012, y1), times(WOOD, 0.28))
        x = left + 0.016
        while x < right - 0.04:
            width = float(rng.uniform(0.010, 0.022))
            tall = float(rng.uniform(0.6, 0.92)) * (y1 - y0)
            tone = ((0.60, 0.20, 0.16), (0.22, 0.34, 0.44), (0.72, 0.58, 0.32), (0.26, 0.40, 0.28), (0.50, 0.34, 0.44))[
                int(rng.integers(5))
            ]
            sheet.rectangle((x, y1 - tall, x + width, y1), times(tone, 0.8))
            x += width + 0.002


def draw_lamp(scene: Scene, at: float) -> None:
    canvas = scene.canvas
    sheet = canvas.sheet((at - 0.12, 0.3, at + 0.12, 0.86))
    sheet.ellipse((at, 0.835), 0.05, 0.012, (0.14, 0.10, 0.08))
    sheet.line([(at, 0.83), (at, 0.46)], 0.008, (0.20, 0.15, 0.10))
    sheet.polygon([(at - 0.075, 0.48), (at + 0.075, 0.48), (at + 0.045, 0.36), (at - 0.045, 0.36)], (1.0, 0.86, 0.60))
    canvas.lay(sheet)
    canvas.glow((at, 0.43), 0.16, (1.0, 0.76, 0.42), 0.34)
