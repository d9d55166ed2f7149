"""A street between houses that run towards a vanishing point, wet where it rains."""

from collections.abc import Callable

import numpy as np

from flexura_media_worker.providers.canvas.brief import Style, Weather
from flexura_media_worker.providers.canvas.canvas import Point, Sheet
from flexura_media_worker.providers.canvas.colours import mix, times
from flexura_media_worker.providers.canvas.figures import umbrella
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.parts.water import mirror
from flexura_media_worker.providers.canvas.scene import Scene, Stage
from flexura_media_worker.providers.canvas.subjects.city import NEON, WARM

HORIZON = 0.56
HOUSES = 6
WIDE = 1.3  # From here on, one more is seen on each side.
WALLS = ((0.52, 0.34, 0.28), (0.66, 0.56, 0.44), (0.44, 0.42, 0.44), (0.60, 0.44, 0.34), (0.38, 0.40, 0.48))


def draw(scene: Scene) -> Stage:
    canvas = scene.canvas
    draw_sky(scene, HORIZON)
    draw_road(scene)
    lights = canvas.sheet()
    for number in range(HOUSES + (canvas.aspect > WIDE)):
        sheet = canvas.sheet()
        for side in (-1, 1):
            draw_house(scene, sheet, lights, side, number)
        canvas.lay(sheet)
        canvas.tint(0.1, HORIZON + 0.05, scene.light.haze, (0.0, 0.16 * scene.light.thickness))
    if is_lit(scene):
        canvas.shine(lights, 0.9, blur=0.014)
    canvas.lay(lights, 0.95 if is_lit(scene) else 0.75)
    if is_lit(scene):
        colours = scene.leading(*NEON) if scene.brief.style is Style.NEON else [WARM]
        for number, across in enumerate((0.06, 0.94, 0.28, 0.72)):
            canvas.glow((across * canvas.aspect, 0.44), 0.22, colours[number % len(colours)], 0.16)
        canvas.glow((canvas.aspect / 2, HORIZON - 0.04), 0.16, WARM, 0.35)
    draw_lamps(scene)
    if is_wet(scene):
        draw_reflections(scene)
    return Stage(0.9, 0.34, draw_alive=draw_walkers if "umbrella" in scene.brief.figures else None)


def is_lit(scene: Scene) -> bool:
    return scene.light.is_dark or scene.brief.style is Style.NEON


def is_wet(scene: Scene) -> bool:
    return scene.brief.weather in {Weather.RAIN, Weather.STORM}


def depth(number: float) -> float:
    """How large things are at a house's edge: 1 at the front, small at the end of the street."""
    return float(0.62**number) * 1.25


def draw_road(scene: Scene) -> None:
    canvas, light = scene.canvas, scene.light
    middle = canvas.aspect / 2
    far, near = light.on((0.36, 0.36, 0.38), 0.6), light.on((0.20, 0.20, 0.23))
    canvas.gradient(HORIZON, 1.0, ((0.0, far), (0.3, mix(far, near, 0.7)), (1.0, near)))
    sheet = canvas.sheet()
    for side in (-1, 1):
        pavement = [(middle, HORIZON), (middle + side * 0.42, 1.0), (middle + side * 2, 1.0)]
        sheet.polygon(pavement, light.on((0.42, 0.41, 0.40), 0.15), 0.85)
    for number in range(9):
        scale = depth(number * 0.75)
        y = HORIZON + 0.46 * scale
        sheet.polygon(
            [(middle - 0.012 * scale, y), (middle + 0.012 * scale, y), (middle + 0.008 * scale, y - 0.12 * scale),
             (middle - 0.008 * scale, y - 0.12 * scale)],
            light.on((0.85, 0.82, 0.72), 0.2), 0.6,
        )  # fmt: skip
    canvas.lay(sheet)


def draw_house(scene: Scene, sheet: Sheet, lights: Sheet, side: int, number: int) -> None:
    """From the end of the street to the front; the last ones drawn are the nearest."""
    rng = scene.rng
    place = HOUSES - 1 - number
    far, near = depth(place + 1), depth(place)
    middle = scene.canvas.aspect / 2
    storeys = int(rng.integers(3, 6))
    height = 0.16 * storeys + float(rng.uniform(0, 0.1))
    wall = WALLS[int(rng.integers(len(WALLS)))]
    if is_lit(scene):
        wall = times(wall, 1.25)
    body = scene.light.on(wall, 0.8 * place / HOUSES)

    def at(along: float, up: float) -> Point:
        scale = far + (near - far) * along
        return middle + side * 0.44 * scale, HORIZON + 0.16 * scale - up * scale

    shade = 1.0 if side < 0 else 0.82
    sheet.polygon([at(0, 0), at(1, 0), at(1, height), at(0, height)], times(body, shade))
    sheet.polygon([at(0, height), at(1, height), at(1, height - 0.02), at(0, height - 0.02)], times(body, 0.6))
    outer = -0.1 if side < 0 else scene.canvas.aspect + 0.1
    sheet.polygon([at(1, 0), at(1, height), (outer, at(1, height)[1]), (outer, at(1, 0)[1])], times(body, shade * 0.66))
    for storey in range(storeys):
        low = 0.03 + storey * height / storeys
        for window in range(3):
            start = 0.12 + window * 0.29
            corners = [
                at(start, low + 0.02),
                at(start + 0.17, low + 0.02),
                at(start + 0.17, low + 0.11),
                at(start, low + 0.11),
            ]
            glows = is_lit(scene) and rng.random() < 0.55
            pane = times(WARM, float(rng.uniform(0.6, 1))) if glows else scene.light.on((0.20, 0.25, 0.33), 0.3)
            (lights if glows or not is_lit(scene) else sheet).polygon(corners, pane)
    if scene.brief.style is Style.NEON or is_lit(scene):
        draw_sign(scene, lights, at, height)


def draw_sign(scene: Scene, lights: Sheet, at: Callable[[float, float], Point], height: float) -> None:
    rng = scene.rng
    colours = scene.leading(*NEON)
    for _ in range(2 if scene.brief.style is Style.NEON else 1):
        colour = colours[int(rng.integers(len(colours)))]
        along, low = float(rng.uniform(0.1, 0.75)), float(rng.uniform(0.12, 0.25))
        tall = float(rng.uniform(0.1, 0.24)) if height > 0.4 else 0.1
        wide = 0.12
        frame = [at(along, low), at(along + wide, low), at(along + wide, low + tall), at(along, low + tall)]
        lights.polygon(frame, times(colour, 0.30))
        lights.line([*frame, frame[0]], 0.004, colour)
        for mark in np.arange(low + 0.02, low + tall - 0.02, 0.032):
            lights.line([at(along + 0.03, float(mark)), at(along + wide - 0.03, float(mark) + 0.012)], 0.004, colour)


def draw_lamps(scene: Scene) -> None:
    canvas, light = scene.canvas, scene.light
    middle = canvas.aspect / 2
    for number in (3.4, 2.3, 1.3, 0.45):
        scale = depth(number)
        for side in (-1, 1):
            x, foot = middle + side * 0.36 * scale, HORIZON + 0.19 * scale
            top = foot - 0.42 * scale
            sheet = canvas.sheet((x - 0.1, top - 0.05, x + 0.1, foot + 0.01))
            sheet.line(
                [(x, foot), (x, top), (x - side * 0.05 * scale, top)], 0.009 * scale, light.on((0.10, 0.10, 0.12))
            )
            sheet.ellipse((x - side * 0.05 * scale, top), 0.02 * scale, 0.01 * scale, WARM)
            canvas.lay(sheet)
            if is_lit(scene):
                canvas.glow((x - side * 0.05 * scale, top), 0.07 * scale, WARM, 0.5)


def draw_reflections(scene: Scene) -> None:
    """The street lies under a film of water that mirrors what stands on it."""
    canvas = scene.canvas
    first = canvas.rows(0, HORIZON + 0.1)[1]
    dry = canvas.pixels[first:].copy()
    mirror(scene, HORIZON + 0.1, (0.03, 0.04, 0.06), 0.2, ripples=0.9)
    share = np.linspace(0.35, 0.72, canvas.height - first, dtype=np.float32)[:, None, None]
    canvas.pixels[first:] = dry * (1 - share) + canvas.pixels[first:] * share


def draw_walkers(scene: Scene) -> None:
    colours = scene.leading((0.85, 0.14, 0.18), (0.95, 0.72, 0.15), (0.14, 0.50, 0.80), (0.85, 0.30, 0.62))
    places = ((-0.16, 2.4), (0.13, 2.1), (-0.24, 1.2), (0.22, 0.95), (-0.02, 1.5), (0.05, 0.25))
    for number, (across, far) in enumerate(places):
        scale = depth(far)
        foot = (scene.canvas.aspect / 2 + across * scale * 1.25, HORIZON + 0.30 * scale)
        umbrella.draw_walker(scene, foot, 0.36 * scale, colours[number % len(colours)], number)
