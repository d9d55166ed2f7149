"""Stars, a nebula, and a planet in the light of its sun; with rings where somebody asks for them."""

import numpy as np

from flexura_media_worker.providers.canvas.colours import Colour
from flexura_media_worker.providers.canvas.noise import Field, fractal
from flexura_media_worker.providers.canvas.parts.sky import draw_stars
from flexura_media_worker.providers.canvas.scene import Scene, Stage

NEBULA: tuple[Colour, Colour] = ((0.46, 0.14, 0.52), (0.08, 0.30, 0.56))
TILT = -0.36


def draw(scene: Scene) -> Stage:
    canvas = scene.canvas
    canvas.gradient(0, 1, ((0.0, (0.008, 0.01, 0.03)), (1.0, (0.02, 0.012, 0.045))))
    colours = scene.leading(*NEBULA)
    for colour in (*colours, *NEBULA)[:2]:
        field = fractal(scene.rng, canvas.height, canvas.width, 2.2, 6, stretch=1.4)
        canvas.blend(colour, (np.clip(field - 0.42, 0, 1) ** 1.5 * 1.5).astype(np.float32))
    draw_stars(scene, 1.0, 1100)
    for x, y, size in scene.rng.random((7, 3)):
        at = (x * canvas.aspect, y)
        canvas.glow(at, 0.006 + 0.006 * size, (0.85, 0.92, 1.0), 0.9)
    draw_planet(scene, (canvas.aspect * 0.56, 0.54), 0.235)
    return Stage(0.5, 0.2)


def draw_planet(scene: Scene, middle: tuple[float, float], radius: float) -> None:
    """A ball with bands, dark on the side that is turned away; rings pass behind and before it."""
    canvas = scene.canvas
    ys, xs = np.mgrid[0 : canvas.height, 0 : canvas.width].astype(np.float32) / canvas.height
    x, y = (xs - middle[0]) / radius, (ys - middle[1]) / radius
    ringed = "rings" in scene.brief.traits or scene.rng.random() < 0.5
    across, down = x * np.cos(TILT) + y * np.sin(TILT), (-x * np.sin(TILT) + y * np.cos(TILT)) / 0.27
    if ringed:
        draw_rings(scene, across, down, behind=True)
    away = x**2 + y**2
    share = np.clip((1 - np.sqrt(away)) * radius * canvas.height, 0, 1)
    height = np.sqrt(np.clip(1 - away, 0, 1))
    lit = np.clip(-0.62 * x - 0.38 * y + 0.68 * height, 0, 1) ** 0.85
    swirl = fractal(scene.rng, canvas.height, canvas.width, 9, 5, stretch=5.0) - 0.5
    bands = np.sin((down * 0.27) * 17 + swirl * 5) * 0.5 + 0.5 + swirl * 0.5
    one, other = (*scene.leading((0.86, 0.62, 0.40), (0.56, 0.32, 0.26)), (0.56, 0.32, 0.26))[:2]
    tones = np.asarray(one, np.float32) + bands[:, :, None] * (np.asarray(other) - np.asarray(one)).astype(np.float32)
    surface = tones * (0.03 + 1.1 * lit)[:, :, None]
    if ringed:
        shadow = ring_density(np.hypot(across, down - 1.4)) * np.clip(-down, 0, 1)
        surface *= (1 - 0.5 * shadow)[:, :, None]
    canvas.blend(surface.astype(np.float32), share.astype(np.float32))
    rim = np.exp(-(((np.sqrt(away) - 1.0) / 0.05) ** 2)) * np.clip(-0.7 * x - 0.5 * y + 0.15, 0, 1)
    canvas.pixels += (rim * 0.55)[:, :, None] * np.asarray((0.75, 0.85, 1.0), np.float32)
    if ringed:
        draw_rings(scene, across, down, behind=False)


def ring_density(away: Field) -> Field:
    """How thick the rings are at a distance in radii of the planet."""
    places = np.array([1.0, 1.22, 1.26, 1.5, 1.54, 1.82, 1.84, 1.92, 1.94, 2.2, 2.24])
    values = np.array([0.0, 0.0, 0.4, 0.55, 0.8, 0.95, 0.1, 0.1, 0.7, 0.55, 0.0])
    fine = 0.84 + 0.16 * np.sin(away * 95)
    density: Field = (np.interp(away, places, values) * fine).astype(np.float32)
    return density


def draw_rings(scene: Scene, across: Field, down: Field, *, behind: bool) -> None:
    density = ring_density(np.hypot(across, down))
    density = np.where((down < 0) == behind, density, 0)
    if behind:
        # The planet's shadow falls on them.
        density = density * np.where(
            (np.abs(down * 0.27) < 0.9) & (across > 0.1) & (across < 1.7) & (down < 0), 0.35, 1.0
        )
    scene.canvas.blend((0.90, 0.80, 0.64), (density * 0.86).astype(np.float32))
