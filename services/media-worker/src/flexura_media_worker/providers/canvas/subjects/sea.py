"""Open sea to the horizon; with a rock where something has to stand."""

from flexura_media_worker.providers.canvas.brief import Weather
from flexura_media_worker.providers.canvas.colours import times
from flexura_media_worker.providers.canvas.parts.ground import closed, outline, texture
from flexura_media_worker.providers.canvas.parts.sky import draw_lightning, draw_sky
from flexura_media_worker.providers.canvas.parts.water import draw_sea, is_rough
from flexura_media_worker.providers.canvas.scene import Scene, Stage

HORIZON = 0.60
FLASH_EVERY_S, FLASH_S = 2.1, 0.21


def draw(scene: Scene) -> Stage:
    sun_at = float(scene.rng.uniform(0.28, 0.42))
    draw_sky(scene, HORIZON, sun_at=sun_at)
    draw_sea(scene, HORIZON, sun_at=sun_at, rough=is_rough(scene))
    if {"lighthouse", "castle", "house"} & set(scene.brief.figures):
        draw_rock(scene)
    stand = (0.66, 0.70, 0.56)
    return Stage(
        0.78,
        0.34,
        draw_alive=draw_storm,
        places={"lighthouse": stand, "castle": (0.66, 0.70, 0.4), "house": (0.66, 0.70, 0.16)},
    )


def draw_storm(scene: Scene) -> None:
    """Lightning, now and then."""
    if scene.brief.weather is Weather.STORM and scene.time_s % FLASH_EVERY_S < FLASH_S:
        draw_lightning(scene, 0.2, HORIZON - 0.03)


def draw_rock(scene: Scene) -> None:
    canvas = scene.canvas
    middle = 0.66 * canvas.aspect
    crest = outline(scene, 0.0, 1.0, 4.0, 0.6)
    line = []
    for x, down in crest:
        away = abs(x - middle) / 0.34
        if away < 1:
            # Flat enough on top for a tower to stand on.
            slope = max(0.0, away - 0.24) / 0.76
            line.append((x, 0.674 + 0.17 * slope**1.3 + 0.03 * down * min(1.0, 0.2 + 2 * slope)))
    sheet = canvas.sheet((middle - 0.4, 0.6, middle + 0.4, 0.9))
    sheet.polygon(closed(line, 0.86), scene.light.on((0.24, 0.22, 0.22), 0.1))
    lower = [(x, min(0.86, y + 0.045 + 0.02 * ((number * 7) % 5) / 5)) for number, (x, y) in enumerate(line)]
    sheet.polygon(closed(lower, 0.86), scene.light.on(times((0.24, 0.22, 0.22), 0.66), 0.05))
    canvas.lay(sheet)
    foam = canvas.sheet((middle - 0.4, 0.8, middle + 0.4, 0.9))
    for x, _ in line[::2]:
        size = 0.008 + 0.016 * float(scene.rng.random())
        foam.ellipse((x, 0.858), size * 1.6, size * 0.6, scene.light.on((0.95, 0.97, 1.0)), 0.7)
    canvas.lay(foam, 0.8, blur=0.003)
    texture(scene, 0.66, 30, 0.10)
