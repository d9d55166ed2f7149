"""A river that winds through meadows from the hills."""

import numpy as np

from flexura_media_worker.providers.canvas.colours import BLACK, mix, times
from flexura_media_worker.providers.canvas.light import grass
from flexura_media_worker.providers.canvas.parts.ground import closed, draw_blades, draw_hills, outline
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.parts.trees import draw_broad
from flexura_media_worker.providers.canvas.scene import Scene, Stage

HORIZON = 0.50


def draw(scene: Scene) -> Stage:
    canvas, light = scene.canvas, scene.light
    draw_sky(scene, HORIZON)
    far = outline(scene, HORIZON - 0.16, 0.16, 1.4, 0.5)
    sheet = canvas.sheet((0, HORIZON - 0.2, canvas.aspect, HORIZON + 0.1))
    sheet.polygon(closed(far, HORIZON + 0.1), light.on((0.26, 0.34, 0.42), 0.8))
    canvas.lay(sheet)
    draw_hills(scene, HORIZON, grass(scene.brief), 2)
    canvas.gradient(
        0.66, 1.0, ((0.0, light.on(grass(scene.brief), 0.25)), (1.0, light.on(times(grass(scene.brief), 0.8))))
    )
    draw_blades(scene, 0.66, 1500)
    draw_water(scene)
    trees = canvas.sheet((0, 0.2, canvas.aspect, 0.9))
    for at, height in ((0.12, 0.34), (0.22, 0.24), (0.84, 0.38), (0.74, 0.22)):
        foot = (at * canvas.aspect, 0.62 + 0.28 * height)
        draw_broad(trees, scene, foot, height, 0.2)
    canvas.lay(trees)
    return Stage(0.80, 0.24)


def draw_water(scene: Scene) -> None:
    canvas, light = scene.canvas, scene.light
    ts = np.linspace(0, 1, 60)
    ys = 0.565 + 0.46 * ts**1.5
    middle = canvas.aspect * (0.5 + 0.14 * np.sin(ts**0.8 * 6.0) * (0.25 + ts))
    half = 0.008 + 0.30 * ts**1.7
    left = [(float(x - w), float(y)) for x, y, w in zip(middle, ys, half, strict=True)]
    right = [(float(x + w), float(y)) for x, y, w in zip(middle, ys, half, strict=True)]
    bank = canvas.sheet((0, 0.55, canvas.aspect, 1))
    shift = [(x - 0.012, y - 0.004) for x, y in left] + [(x + 0.012, y - 0.004) for x, y in reversed(right)]
    bank.polygon(shift, light.on((0.42, 0.34, 0.22), 0.2))
    bank.polygon([*left, *reversed(right)], mix(light.middle, light.on((0.08, 0.26, 0.34)), 0.35))
    canvas.lay(bank)
    water = canvas.sheet((0, 0.55, canvas.aspect, 1))
    water.polygon([*left, *reversed(right)], BLACK)
    scene.mark_water(water, 0.004)
    gleam = canvas.sheet((0, 0.55, canvas.aspect, 1))
    for t, across, length in scene.rng.random((scene.many(240), 3)):
        y = float(0.565 + 0.46 * t**1.5)
        x = float(np.interp(y, ys, middle) + (across - 0.5) * 1.7 * np.interp(y, ys, half))
        stroke = 0.008 + 0.05 * length * t
        gleam.line([(x - stroke, y), (x + stroke, y)], 0.0012 + 0.002 * t, mix(light.horizon, (1, 1, 1), 0.4), 0.55)
    canvas.lay(gleam, 0.7)
