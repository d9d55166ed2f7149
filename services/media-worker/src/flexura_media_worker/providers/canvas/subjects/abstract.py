"""Flowing bands in the colours that the prompt leads to: also what unknown subjects become."""

import numpy as np

from flexura_media_worker.providers.canvas.brief import Style, Time
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.scene import Scene, Stage

PALETTES: tuple[tuple[Colour, ...], ...] = (
    ((0.06, 0.12, 0.30), (0.12, 0.42, 0.62), (0.95, 0.62, 0.40), (0.98, 0.90, 0.78)),
    ((0.13, 0.08, 0.24), (0.46, 0.16, 0.46), (0.92, 0.40, 0.42), (1.0, 0.82, 0.56)),
    ((0.03, 0.20, 0.20), (0.10, 0.46, 0.42), (0.62, 0.78, 0.46), (0.97, 0.92, 0.72)),
    ((0.10, 0.10, 0.14), (0.34, 0.36, 0.48), (0.80, 0.55, 0.46), (0.96, 0.90, 0.84)),
)
WAVES = 9


def draw(scene: Scene) -> Stage:
    canvas, rng = scene.canvas, scene.rng
    colours = palette(scene)
    canvas.gradient(0, 1, ((0.0, times(colours[0], 0.7)), (0.6, colours[0]), (1.0, mix(colours[0], colours[1], 0.6))))
    canvas.glow((canvas.aspect * float(rng.uniform(0.55, 0.85)), 0.22), 0.42, mix(colours[-1], colours[1], 0.4), 0.35)
    xs = np.linspace(-0.02, canvas.aspect + 0.02, 200)
    phases = rng.uniform(0, 2 * np.pi, (WAVES, 3))
    for number in range(WAVES):
        t = number / (WAVES - 1)
        swing = 0.075 * (1.25 - 0.5 * t)
        line = 0.24 + 0.78 * t + swing * np.sin(xs * 2.6 + phases[0, 0] + t * 3.4)
        line += 0.45 * swing * np.sin(xs * 5.1 + phases[0, 1] - t * 5) + 0.18 * swing * np.sin(
            xs * 11 + phases[number, 2]
        )
        points = [(float(x), float(y)) for x, y in zip(xs, line, strict=True)]
        tone = colours[(number * 2 + 1) % len(colours)] if number % 3 else colours[(number // 3) % len(colours)]
        draw_band(scene, points, tone, colours[-1])
    scene.mark_water(slice(0, canvas.height), 0.03)
    return Stage(0.82, 0.34)


def draw_band(scene: Scene, points: list[tuple[float, float]], tone: Colour, edge: Colour) -> None:
    """One wave, shaded below its crest, with fine lines that follow it."""
    canvas = scene.canvas
    top = min(y for _, y in points) - 0.03
    shadow = canvas.sheet((0, top - 0.05, canvas.aspect, 1))
    shadow.polygon([*[(x, y - 0.008) for x, y in points], (canvas.aspect + 0.1, 1.1), (-0.1, 1.1)], (0.0, 0.0, 0.0))
    canvas.lay(shadow, 0.32, blur=0.014)
    sheet = canvas.sheet((0, top, canvas.aspect, 1))
    sheet.polygon([*points, (canvas.aspect + 0.1, 1.1), (-0.1, 1.1)], tone)
    for step in range(1, scene.many(7)):
        away = 0.011 * step**1.25
        moved = [(x, y + away) for x, y in points]
        sheet.line(moved, 0.0016, mix(tone, edge, 0.75), max(0.08, 0.5 - 0.07 * step))
    sheet.line(points, 0.0042, mix(edge, tone, 0.15), 0.95)
    canvas.lay(sheet)


def palette(scene: Scene) -> list[Colour]:
    named = scene.leading()
    if not named:
        base = list(PALETTES[int(scene.rng.integers(len(PALETTES)))])
        if scene.brief.time is Time.NIGHT or "dark" in scene.brief.traits or scene.brief.style is Style.NEON:
            base = [times(colour, 0.75) for colour in base]
        return base
    dark = times(named[0], 0.45)
    light = mix(named[-1], (1.0, 0.97, 0.90), 0.35)
    return [dark, *named, light] if len(named) > 1 else [dark, named[0], mix(named[0], (1, 1, 1), 0.4), light]
