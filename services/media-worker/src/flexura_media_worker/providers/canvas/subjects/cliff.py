"""A cliff over the sea, with room for something to stand on."""

import numpy as np

from flexura_media_worker.providers.canvas.colours import WHITE, Colour, mix, times
from flexura_media_worker.providers.canvas.light import grass
from flexura_media_worker.providers.canvas.noise import fractal, lit_side, ridge
from flexura_media_worker.providers.canvas.parts.ground import closed, outline
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.parts.water import draw_sea, is_rough
from flexura_media_worker.providers.canvas.scene import Scene, Stage

HORIZON = 0.70
STONE: Colour = (0.42, 0.38, 0.36)


def draw(scene: Scene) -> Stage:
    canvas, light = scene.canvas, scene.light
    draw_sky(scene, HORIZON, sun_at=0.2)
    for number in range(2):
        line = outline(scene, 0.46 + 0.09 * number, 0.20, 1.6, 0.5)
        sheet = canvas.sheet((0, 0.4, canvas.aspect, HORIZON + 0.02))
        sheet.polygon(closed(line, HORIZON + 0.02), light.on((0.28, 0.32, 0.38), 0.9 - 0.2 * number))
        canvas.lay(sheet)
        canvas.tint(0.5, HORIZON, light.haze, (0.0, 0.5))
    draw_sea(scene, HORIZON, sun_at=0.2, rough=is_rough(scene) * 0.7)
    draw_rock(scene)
    stand = 0.64
    return Stage(0.50, 0.26, middle=stand, places={"castle": (stand, 0.50, 0.35), "lighthouse": (stand, 0.50, 0.36)})


def draw_rock(scene: Scene) -> None:
    """A block with a meadow on top, steep towards the water, darker to the side away from the light."""
    canvas, light = scene.canvas, scene.light
    aspect = canvas.aspect
    jag = ridge(scene.rng, 40, 8, 4, 0.6)
    face = [(aspect * (0.40 - 0.13 * t / 19) + 0.035 * float(jag[t]) - 0.02, 0.50 + 0.42 * t / 19) for t in range(20)]
    right = [(aspect * 1.05, 0.94), (aspect * 1.05, 0.42), (aspect * 0.86, 0.485), (aspect * 0.6, 0.495)]
    sheet = canvas.sheet((0, 0.38, aspect, 1))
    sheet.polygon([*face, *right], WHITE)
    width, height = sheet.size
    folds = fractal(scene.rng, height, width, 9, 5, stretch=0.42)
    lit = lit_side(folds, max(1, height // 40), axis=1, strength=7.0)
    low = np.linspace(0.0, 0.28, height, dtype=np.float32)[:, None]
    dark, bright = (np.asarray(light.on(times(STONE, share), 0.06), np.float32) for share in (0.52, 1.22))
    tones = dark + np.clip(lit - low, 0, 1)[:, :, None] * (bright - dark)
    canvas.fill(sheet, tones.astype(np.float32))
    sheet = canvas.sheet((0, 0.38, aspect, 1))
    turf = [
        (aspect * 0.395, 0.505),
        (aspect * 0.5, 0.488),
        (aspect * 0.8, 0.482),
        (aspect * 1.05, 0.415),
        (aspect * 1.05, 0.49),
    ]
    turf += [(aspect * 0.85, 0.53), (aspect * 0.7, 0.518), (aspect * 0.55, 0.53), (aspect * 0.42, 0.52)]
    sheet.polygon(turf, light.on(mix(grass(scene.brief), STONE, 0.25), 0.05))
    canvas.lay(sheet)
    foam = canvas.sheet((0, 0.86, aspect, 1))
    for x in scene.rng.random(60):
        size = float(scene.rng.uniform(0.006, 0.02))
        foam.ellipse(
            (aspect * (0.25 + 0.8 * float(x)), 0.935 + float(scene.rng.normal(0, 0.005))),
            size * 2,
            size * 0.5,
            (0.92, 0.95, 0.98),
            0.6,
        )
    canvas.lay(foam, 0.8, blur=0.003)
