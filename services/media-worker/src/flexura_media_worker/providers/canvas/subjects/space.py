"""Stars, a nebula, and a planet in the light of its sun; with rings where somebody asks for them."""

from dataclasses import dataclass

import numpy as np

from flexura_media_worker.providers.canvas.colours import Colour
from flexura_media_worker.providers.canvas.noise import Field, fractal
from flexura_media_worker.providers.canvas.parts.sky import draw_stars
from flexura_media_worker.providers.canvas.scene import Scene, Stage

NEBULA: tuple[Colour, Colour] = ((0.46, 0.14, 0.52), (0.08, 0.30, 0.56))
TILT = -0.36  # Of the rings, in radians,
SLANT = 0.27  # and how flat they are seen.


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


@dataclass(frozen=True, slots=True)
class Planet:
    middle: tuple[float, float]
    radius: float
    is_ringed: bool
    colours: tuple[Colour, Colour]


def draw_planet(scene: Scene, middle: tuple[float, float], radius: float) -> None:
    canvas = scene.canvas
    one, other = (*scene.leading((0.86, 0.62, 0.40), (0.56, 0.32, 0.26)), (0.56, 0.32, 0.26))[:2]
    is_ringed = "rings" in scene.brief.traits or scene.rng.random() < 0.5
    planet = Planet(middle, radius, is_ringed, (one, other))
    swirl = fractal(scene.rng, canvas.height, canvas.width, 9, 5, stretch=5.0) - np.float32(0.5)
    for rows in canvas.strips():
        draw_strip(scene, planet, rows.start, swirl[rows])


def draw_strip(scene: Scene, planet: Planet, top: int, swirl: Field) -> None:
    """A ball with bands, dark on the side that is turned away; rings pass behind and before it."""
    canvas, radius = scene.canvas, np.float32(planet.radius)
    ys = np.arange(top, top + swirl.shape[0], dtype=np.float32)[:, None] / canvas.height
    xs = np.arange(canvas.width, dtype=np.float32)[None, :] / canvas.height
    x, y = (xs - np.float32(planet.middle[0])) / radius, (ys - np.float32(planet.middle[1])) / radius
    across, down = x * np.cos(TILT) + y * np.sin(TILT), (y * np.cos(TILT) - x * np.sin(TILT)) / SLANT
    if planet.is_ringed:
        draw_rings(scene, across, down, top, behind=True)
    away = np.hypot(x, y)
    share = np.clip((1 - away) * radius * canvas.height, 0, 1)
    height = np.sqrt(np.clip(1 - away**2, 0, 1))
    lit = np.clip(-0.62 * x - 0.38 * y + 0.68 * height, 0, 1) ** 0.85
    bands = np.sin(down * SLANT * 17 + swirl * 5) * 0.5 + 0.5 + swirl * 0.5
    one, other = (np.asarray(colour, np.float32) for colour in planet.colours)
    surface = (one + bands[:, :, None] * (other - one)) * (0.03 + 1.1 * lit)[:, :, None]
    if planet.is_ringed:
        shadow = ring_density(np.hypot(across, down - 1.4)) * np.clip(-down, 0, 1)
        surface *= (1 - 0.5 * shadow)[:, :, None]
    canvas.blend(surface.astype(np.float32), share.astype(np.float32), top)
    rim = np.exp(-(((away - 1.0) / 0.05) ** 2)) * np.clip(-0.7 * x - 0.5 * y + 0.15, 0, 1)
    canvas.pixels[top : top + rim.shape[0]] += (rim * 0.55)[:, :, None] * np.asarray((0.75, 0.85, 1.0), np.float32)
    if planet.is_ringed:
        draw_rings(scene, across, down, top, behind=False)


def ring_density(away: Field) -> Field:
    """How thick the rings are at a distance in radii of the planet."""
    places = np.array([1.0, 1.22, 1.26, 1.5, 1.54, 1.82, 1.84, 1.92, 1.94, 2.2, 2.24])
    values = np.array([0.0, 0.0, 0.4, 0.55, 0.8, 0.95, 0.1, 0.1, 0.7, 0.55, 0.0])
    density: Field = (np.interp(away, places, values) * (0.84 + 0.16 * np.sin(away * 95))).astype(np.float32)
    return density


def draw_rings(scene: Scene, across: Field, down: Field, top: int, *, behind: bool) -> None:
    density = np.where((down < 0) == behind, ring_density(np.hypot(across, down)), 0)
    if behind:
        # The planet's shadow falls on them, softer the farther away.
        reach = np.clip((across - 0.1) / 0.5, 0, 1) * np.clip((2.3 - across) / 0.9, 0, 1)
        shade = np.clip((1.0 - np.abs(down * SLANT)) / 0.3, 0, 1) * reach
        density *= 1 - 0.65 * shade
    scene.canvas.blend((0.90, 0.80, 0.64), (density * 0.86).astype(np.float32), top)
