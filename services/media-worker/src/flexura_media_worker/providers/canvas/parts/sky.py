"""The sky: colours, sun or moon, stars, clouds."""

from dataclasses import replace

import numpy as np

from flexura_media_worker.providers.canvas.brief import Weather
from flexura_media_worker.providers.canvas.canvas import Pixels
from flexura_media_worker.providers.canvas.colours import WHITE, Colour, mix, times
from flexura_media_worker.providers.canvas.noise import Field, fractal, lit_side
from flexura_media_worker.providers.canvas.plate import Sky
from flexura_media_worker.providers.canvas.scene import Scene

LOW_SUN = 0.3
BELOW = 0.02  # How far the sky goes on below the horizon.
CLOUDS = {Weather.CLEAR: 0.34, Weather.CLOUDS: 0.62, Weather.RAIN: 0.8, Weather.STORM: 0.9, Weather.SNOW: 0.7}


def draw_sky(scene: Scene, horizon: float, *, sun_at: float | None = None, clouds: float | None = None) -> None:
    """Fills the picture down to the horizon; the sun stands at a share of the width."""
    scene = replace(scene, rng=scene.rng.spawn(1)[0])
    sun_at = float(scene.rng.uniform(0.2, 0.8)) if sun_at is None else sun_at
    sky = Sky(horizon, sun_at, CLOUDS.get(scene.brief.weather, 0.0) if clouds is None else clouds)
    if scene.plate is not None:
        scene.plate.leave_sky(scene.canvas, sky, horizon + BELOW)
        return
    draw_open_sky(scene, sky)
    if sky.clouds:
        tones, share = clouds_of(scene, sky, scene.canvas.width)
        scene.canvas.blend(tones, share)


def draw_open_sky(scene: Scene, sky: Sky) -> None:
    """All of it but the clouds."""
    canvas, light, horizon = scene.canvas, scene.light, sky.horizon
    canvas.gradient(0.0, horizon + BELOW, ((0.0, light.top), (0.55, light.middle), (1.0, light.horizon)))
    if light.has_stars:
        draw_stars(scene, horizon)
    if light.has_sun:
        draw_sun(scene, horizon, sky.sun_at)


def draw_sun(scene: Scene, horizon: float, at: float) -> None:
    canvas, light = scene.canvas, scene.light
    middle = (at * canvas.aspect, max(0.1, horizon * (1 - light.sun_height * 0.86) - 0.01))
    radius = 0.042 if light.has_stars else 0.05
    is_high = light.sun_height > LOW_SUN
    canvas.glow(middle, 0.34, light.sun, 0.10 if is_high else 0.20)
    canvas.glow(middle, 0.11, light.sun, 0.14 if is_high else 0.26)
    sheet = canvas.sheet((middle[0] - 0.1, middle[1] - 0.1, middle[0] + 0.1, middle[1] + 0.1))
    sheet.ellipse(middle, radius, radius, mix(light.sun, WHITE, 0.6))
    if light.has_stars:
        for x, y, size in ((-0.3, -0.2, 0.22), (0.25, 0.3, 0.28), (0.1, -0.45, 0.14), (-0.35, 0.4, 0.12)):
            spot = (middle[0] + x * radius, middle[1] + y * radius)
            sheet.ellipse(spot, size * radius, size * radius, times(light.sun, 0.88))
    canvas.lay(sheet, blur=0.0015)


def draw_stars(scene: Scene, horizon: float, count: int = 420) -> None:
    canvas, rng = scene.canvas, scene.rng
    sheet = canvas.sheet((0, 0, canvas.aspect, horizon), plain=True)
    for x, y, size in rng.random((scene.many(count), 3)):
        radius = 0.0006 + 0.0014 * size**6
        tone = mix((0.75, 0.83, 1.0), (1.0, 0.94, 0.82), float(rng.random()))
        sheet.ellipse((x * canvas.aspect, y * horizon), radius, radius, tone, 0.35 + 0.65 * size**2)
    canvas.shine(sheet, 0.9)


def clouds_of(scene: Scene, sky: Sky, width: int) -> tuple[Pixels, Field]:
    """Banks that are lit from one side and thin out towards the top: their tones, and how much of each is seen."""
    light = scene.light
    rows = max(2, scene.canvas.rows(0, sky.horizon)[1])
    field = fractal(scene.rng, rows, width, 3.0, 6, stretch=2.6)
    lit = lit_side(field, scene.canvas.height // 90, axis=0)
    start = 1.0 - sky.clouds
    share = np.clip((field - start * 0.85) / 0.3, 0, 1) ** 1.4
    share *= np.linspace(0.85, 0.55, rows, dtype=np.float32)[:, None]
    bright = mix(light.horizon, WHITE, 0.55 if not light.is_dark else 0.06)
    dark = times(mix(light.middle, light.top, 0.35), 0.62 if scene.brief.weather is Weather.STORM else 0.86)
    tones = np.asarray(dark, np.float32) + lit[:, :, None] * (np.asarray(bright, np.float32) - np.asarray(dark))
    return tones.astype(np.float32), share.astype(np.float32)


def draw_lightning(scene: Scene, at: float, bottom: float) -> None:
    canvas, rng = scene.canvas, scene.rng
    x, y = at * canvas.aspect, 0.04
    bolt = [(x, y)]
    while y < bottom:
        x += float(rng.normal(0, 0.022))
        y += float(rng.uniform(0.015, 0.05))
        bolt.append((x, y))
    colour: Colour = (0.82, 0.86, 1.0)
    sheet = canvas.sheet()
    sheet.line(bolt, 0.005, colour)
    for start in (len(bolt) // 3, len(bolt) // 2):
        branch = [bolt[start]]
        for _ in range(5):
            last = branch[-1]
            branch.append((last[0] + float(rng.uniform(0.005, 0.04)), last[1] + float(rng.uniform(0.01, 0.04))))
        sheet.line(branch, 0.0025, colour, 0.8)
    canvas.shine(sheet, 1.2, blur=0.012)
    canvas.lay(sheet)
    canvas.glow((at * canvas.aspect, 0.1), 0.35, colour, 0.22)
