"""Water: open sea seen from a shore, and mirrors."""

import numpy as np

from flexura_media_worker.providers.canvas.brief import Weather
from flexura_media_worker.providers.canvas.colours import WHITE, Colour, mix, times
from flexura_media_worker.providers.canvas.noise import Field, fractal
from flexura_media_worker.providers.canvas.scene import Scene


def draw_sea(scene: Scene, top: float, bottom: float = 1.0, *, sun_at: float | None = None, rough: float = 0.5) -> None:
    """From the horizon to a shore; waves grow with nearness."""
    canvas, light = scene.canvas, scene.light
    deep: Colour = (0.03, 0.20, 0.34)
    near, far = light.on(mix(deep, light.middle, 0.22)), mix(light.on(deep), light.horizon, 0.55)
    canvas.gradient(top, bottom, ((0.0, far), (0.25, mix(far, near, 0.7)), (1.0, near)))
    first, last = canvas.rows(top, bottom)
    height = last - first
    if height < 4:
        return
    waves = perspective(fractal(scene.rng, height, canvas.width, 26, 4, stretch=7.0), rough)
    crest = np.clip(waves - 0.5, 0, 1) * 2
    trough = np.clip(0.5 - waves, 0, 1) * 2
    canvas.blend(times(near, 0.55), (trough * 0.6).astype(np.float32), first)
    canvas.blend(mix(light.middle, light.horizon, 0.6), (crest**1.2 * 0.55).astype(np.float32), first)
    if sun_at is not None and light.has_sun:
        draw_glitter(scene, first, waves, sun_at)
    scene.mark_water(slice(first, last), 0.004 + 0.008 * rough)
    if rough > 0.8:
        spray = perspective(fractal(scene.rng, height, canvas.width, 70, 3, stretch=4.0), 1.0)
        foam = (
            np.clip((waves - 0.62) * 4, 0, 1) * np.clip((spray - 0.5) * 6, 0, 1) * np.linspace(0.2, 1, height)[:, None]
        )
        canvas.blend(mix(light.on(WHITE), light.horizon, 0.2), foam.astype(np.float32), first)


def perspective(field: Field, rough: float) -> Field:
    """Crowds the waves towards the horizon, and lets them grow towards the shore."""
    height = field.shape[0]
    places = np.linspace(0, 1, height)
    rows = np.clip((places ** (0.55)) * (height - 1), 0, height - 1).astype(int)
    swell = 0.35 + 0.65 * places[:, None] ** 0.7
    waves: Field = np.clip(0.5 + (field[rows] - 0.5) * swell * (0.8 + 1.5 * rough), 0, 1).astype(np.float32)
    return waves


def draw_glitter(scene: Scene, first: int, waves: Field, sun_at: float) -> None:
    canvas = scene.canvas
    height = waves.shape[0]
    across = np.linspace(0, 1, canvas.width)[None, :] - sun_at
    spread = 0.02 + 0.11 * np.linspace(0, 1, height)[:, None]
    path = np.exp(-((across * min(1.6, canvas.aspect) / spread) ** 2))
    share = path * np.clip((waves - 0.42) * 3.2, 0.12, 1) * (0.30 if scene.light.has_stars else 0.85)
    canvas.blend(mix(scene.light.sun, scene.light.horizon, 0.25), share.astype(np.float32), first)


def mirror(scene: Scene, top: float, tint: Colour, share: float, *, ripples: float = 0.5) -> None:
    """The picture above a line again below it: a lake, or a wet street."""
    canvas = scene.canvas
    first = canvas.rows(0, top)[1]
    height = canvas.height - first
    if height < 2 or first < 2:
        return
    places = np.arange(height)
    source = np.clip(first - 1 - places * min(1.0, (first - 1) / height), 0, first - 1).astype(int)
    reflected = canvas.pixels[source]
    field = fractal(scene.rng, height, canvas.width, 40, 3, stretch=9.0) - 0.5
    shift = field * np.linspace(0.2, 1, height)[:, None] * ripples * canvas.height * 0.09
    rows = np.clip(np.arange(height)[:, None] + shift, 0, height - 1).astype(np.int32)
    reflected = np.take_along_axis(reflected, rows[:, :, None], axis=0)
    canvas.pixels[first:] = reflected * (1 - share) + np.asarray(tint, np.float32) * share
    canvas.pixels[first:] *= (1 + field[:, :, None] * 0.22 * ripples).astype(np.float32)
    scene.mark_water(slice(first, canvas.height), 0.005)


def is_rough(scene: Scene) -> float:
    if scene.brief.weather is Weather.STORM:
        return 1.0
    return 0.25 if "calm" in scene.brief.traits else 0.5
