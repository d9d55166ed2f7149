"""A wood in rows, the farther the paler, with light that falls between the trunks."""

import numpy as np

from flexura_media_worker.providers.canvas.brief import Season, Weather
from flexura_media_worker.providers.canvas.colours import mix, times
from flexura_media_worker.providers.canvas.light import grass
from flexura_media_worker.providers.canvas.parts.ground import closed, draw_blades, outline
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.parts.trees import draw_broad, draw_pine, is_white
from flexura_media_worker.providers.canvas.scene import Scene, Stage

ROWS = 5


def draw(scene: Scene) -> Stage:
    canvas = scene.canvas
    draw_sky(scene, 0.72, clouds=0.3)
    for row in range(ROWS):
        near = row / (ROWS - 1)
        draw_row(scene, near)
        if row < ROWS - 1:
            canvas.tint(0.1, 0.62 + 0.2 * near, scene.light.haze, (0.0, 0.30 * scene.light.thickness))
    if scene.light.has_sun and not scene.light.has_stars:
        draw_shafts(scene)
    return Stage(0.92, 0.26)


def draw_row(scene: Scene, near: float) -> None:
    canvas, rng = scene.canvas, scene.rng
    ground = 0.64 + 0.24 * near
    line = outline(scene, ground - 0.03, 0.035, 1.6, 0.35)
    sheet = canvas.sheet()
    size = 0.30 + 0.52 * near
    count = scene.many(canvas.aspect * (13 - 8 * near))
    gap = 0.05 + 0.16 * near
    is_autumn = scene.brief.season in {Season.AUTUMN, Season.SPRING} and not is_white(scene)
    for x in np.linspace(0, 1, count + 1):
        place = float(x) + float(rng.normal(0, 0.25 / count))
        # The way between the trees widens towards us.
        if abs(place - 0.5) < gap:
            continue
        foot = (place * canvas.aspect, ground + float(rng.uniform(0, 0.02)))
        height = size * float(rng.uniform(0.72, 1.12))
        (draw_broad if is_autumn else draw_pine)(sheet, scene, foot, height, 0.92 * (1 - near))
    floor = mix(grass(scene.brief), (0.16, 0.20, 0.10), 0.0 if is_white(scene) else 0.45)
    sheet.polygon(
        closed([(x, y + 0.02) for x, y in line], 1.05), scene.light.on(times(floor, 0.9 + 0.1 * near), 0.8 * (1 - near))
    )
    canvas.lay(sheet)
    if near == 1.0 and not is_white(scene):
        draw_blades(scene, 0.88, 700, floor)


def draw_shafts(scene: Scene) -> None:
    canvas, rng = scene.canvas, scene.rng
    sheet = canvas.sheet()
    strength = 0.10 if scene.brief.weather is not Weather.FOG else 0.18
    for _ in range(5):
        x = float(rng.uniform(0.1, 0.9)) * canvas.aspect
        width = float(rng.uniform(0.02, 0.07))
        sheet.polygon(
            [(x, -0.05), (x + width, -0.05), (x + width * 2 - 0.25, 0.9), (x - 0.25, 0.9)], scene.light.sun, 0.8
        )
    canvas.shine(sheet, strength, blur=0.02)
