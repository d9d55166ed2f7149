"""A skyline in layers of haze, its lights, and the water that mirrors them."""

import numpy as np

from flexura_media_worker.providers.canvas.brief import Style
from flexura_media_worker.providers.canvas.canvas import Box, Sheet
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.parts.water import mirror
from flexura_media_worker.providers.canvas.scene import Scene, Stage

HORIZON = 0.71
LAYERS = 4
WARM: Colour = (1.0, 0.82, 0.52)
COOL: Colour = (0.72, 0.88, 1.0)
NEON = ((1.0, 0.16, 0.60), (0.12, 0.92, 1.0), (0.62, 0.25, 1.0), (1.0, 0.45, 0.12), (0.20, 1.0, 0.62))


def draw(scene: Scene) -> Stage:
    draw_sky(scene, HORIZON)
    glow_of_the_city(scene)
    for layer in range(LAYERS):
        draw_layer(scene, layer)
    if "futuristic" in scene.brief.traits:
        draw_traffic(scene)
    quay = scene.canvas.sheet((0, HORIZON - 0.02, scene.canvas.aspect, HORIZON + 0.02))
    quay.rectangle((0, HORIZON - 0.012, scene.canvas.aspect, HORIZON + 0.01), scene.light.on((0.12, 0.12, 0.15)))
    scene.canvas.lay(quay)
    mirror(scene, HORIZON, mix((0.02, 0.04, 0.09), scene.light.haze, 0.35), 0.48, ripples=1.5)
    return Stage(0.93, 0.22)


def is_lit(scene: Scene) -> bool:
    return scene.light.is_dark or scene.brief.style is Style.NEON


def neon(scene: Scene) -> list[Colour]:
    return scene.leading(*NEON)


def glow_of_the_city(scene: Scene) -> None:
    if not is_lit(scene):
        return
    colours = neon(scene) if scene.brief.style is Style.NEON else [WARM]
    for number in range(4):
        at = scene.canvas.aspect * (number + 0.5) / 4
        scene.canvas.glow((at, HORIZON - 0.1), 0.26, colours[number % len(colours)], 0.30)


def draw_layer(scene: Scene, layer: int) -> None:
    canvas, rng = scene.canvas, scene.rng
    near = layer / (LAYERS - 1)
    distance = 1 - near
    sheet, lights = canvas.sheet((0, 0, canvas.aspect, HORIZON)), canvas.sheet((0, 0, canvas.aspect, HORIZON))
    x = -0.05
    while x < canvas.aspect + 0.05:
        width = float(rng.uniform(0.045, 0.085)) * (0.7 + 0.75 * near)
        hump = 0.75 + 0.45 * np.cos((x / canvas.aspect - 0.5) * np.pi) if layer < LAYERS - 1 else 0.8
        height = float(rng.uniform(0.16, 0.52)) * float(hump) * (1.15 - 0.45 * near)
        box = (x, HORIZON - height, x + width, HORIZON + 0.01)
        draw_tower(scene, sheet, lights, box, distance)
        x += width * float(rng.uniform(0.85, 1.25))
    canvas.lay(sheet)
    if is_lit(scene):
        canvas.shine(lights, 0.55, blur=0.006)
        canvas.lay(lights, 0.95 - 0.45 * distance)
    else:
        canvas.lay(lights, 0.5 - 0.3 * distance)
    if distance:
        canvas.tint(HORIZON - 0.35, HORIZON, scene.light.haze, (0.0, 0.34 * scene.light.thickness))


def draw_tower(scene: Scene, sheet: Sheet, lights: Sheet, box: Box, distance: float) -> None:
    """A body, a lit edge, a roof, and windows."""
    rng = scene.rng
    left, top, right, bottom = box
    width = right - left
    stone: Colour = (
        (0.16, 0.17, 0.24) if is_lit(scene) else mix((0.46, 0.48, 0.54), (0.70, 0.62, 0.54), float(rng.random()))
    )
    body = scene.light.on(times(stone, float(rng.uniform(0.8, 1.15))), distance * 0.95)
    sheet.rectangle(box, body)
    sheet.rectangle((right - width * 0.22, top, right, bottom), times(body, 0.78))
    roof = int(rng.integers(5))
    if "futuristic" in scene.brief.traits and roof < 3:
        draw_future_roof(sheet, lights, (left, top, right, bottom), body, roof)
    elif roof == 0:
        sheet.rectangle((left + width * 0.25, top - width * 0.35, right - width * 0.25, top), body)
    elif roof == 1:
        sheet.line([(left + width / 2, top), (left + width / 2, top - 0.07)], 0.0025, body)
    draw_windows(scene, lights, box, distance)
    if scene.brief.style is Style.NEON or "futuristic" in scene.brief.traits:
        draw_signs(scene, lights, box, distance)


def draw_future_roof(sheet: Sheet, lights: Sheet, box: Box, body: Colour, kind: int) -> None:
    """A slope, a dome, or steps; each with a mast."""
    left, top, right, _ = box
    width, middle = right - left, (left + right) / 2
    tip = top - width * 0.6
    if kind == 0:
        sheet.polygon([(left, top + 0.002), (right, top + 0.002), (right, tip)], times(body, 0.92))
        middle = right - 0.003
    elif kind == 1:
        sheet.ellipse((middle, top), width * 0.5, width * 0.6, body)
    else:
        for step in (1, 2):
            side = width * 0.16 * step
            sheet.rectangle((left + side, top - width * 0.3 * step, right - side, top + 0.002), body)
    sheet.line([(middle, tip), (middle, tip - 0.06)], 0.0022, body)
    lights.ellipse((middle, tip - 0.06), 0.003, 0.003, (1.0, 0.25, 0.25))


def draw_windows(scene: Scene, lights: Sheet, box: Box, distance: float) -> None:
    rng = scene.rng
    left, top, right, bottom = box
    step = 0.0105 + 0.006 * (1 - distance)
    columns, rows = int((right - left) / step), int((bottom - top) / (step * 1.4))
    if columns < 1 or rows < 1:
        return
    chance = rng.random((rows, columns))
    share = float(rng.uniform(0.25, 0.6)) if is_lit(scene) else 0.85
    tone = mix(WARM, COOL, float(rng.random()))
    for row, column in np.argwhere(chance < share):
        colour = times(tone, 0.55 + 0.45 * float(chance[row, column]) / share)
        if not is_lit(scene):
            colour = scene.light.on(mix(scene.light.middle, (0.12, 0.16, 0.24), 0.55), distance)
        x = left + (right - left - columns * step) / 2 + column * step + step * 0.2
        y = top + row * step * 1.4 + step * 0.5
        lights.rectangle((x, y, x + step * 0.6, y + step * 0.8), colour)


def draw_signs(scene: Scene, lights: Sheet, box: Box, distance: float) -> None:
    rng = scene.rng
    left, top, right, bottom = box
    if distance > 0.8 or rng.random() < 0.3:
        return
    colours = neon(scene)
    colour = colours[int(rng.integers(len(colours)))]
    side = left if rng.random() < 0.5 else right
    lights.line([(side, top), (side, bottom)], 0.0026, colour)
    if rng.random() < 0.6:
        lights.rectangle((left, top, right, top + 0.005), colour)
    if rng.random() < 0.55:
        at = left + (right - left) * float(rng.uniform(0.15, 0.6))
        height = float(rng.uniform(0.07, 0.16))
        y = top + float(rng.uniform(0.03, 0.12))
        other = colours[int(rng.integers(len(colours)))]
        lights.rectangle((at, y, at + 0.016, y + height), other)
        for mark in np.arange(y + 0.008, y + height - 0.008, 0.017):
            lights.rectangle((at + 0.004, float(mark), at + 0.012, float(mark) + 0.008), times(other, 0.25))


def draw_traffic(scene: Scene) -> None:
    """Streams of flying lights between the towers."""
    canvas, rng = scene.canvas, scene.rng
    sheet = canvas.sheet()
    for _ in range(3):
        y, slope = float(rng.uniform(0.25, 0.6)), float(rng.uniform(-0.12, 0.12))
        colour = neon(scene)[int(rng.integers(len(neon(scene))))]
        for x in rng.random(scene.many(26)):
            at = (float(x) * canvas.aspect, y + slope * float(x) + float(rng.normal(0, 0.006)))
            sheet.line([at, (at[0] + float(rng.uniform(0.006, 0.03)), at[1])], 0.0026, mix(colour, (1, 1, 1), 0.4))
    canvas.shine(sheet, 0.8, blur=0.005)
    canvas.lay(sheet)
