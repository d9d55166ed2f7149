"""A meadow under hills, with flowers where there is spring or somebody asks for them."""

from flexura_media_worker.providers.canvas.brief import Season, Style, Weather
from flexura_media_worker.providers.canvas.colours import Colour, times
from flexura_media_worker.providers.canvas.light import grass
from flexura_media_worker.providers.canvas.parts.ground import closed, draw_blades, draw_flowers, draw_hills, outline
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.scene import Scene, Stage

HORIZON = 0.56
FLOWERS: tuple[Colour, ...] = (
    (0.95, 0.30, 0.34),
    (1.0, 0.82, 0.25),
    (0.92, 0.52, 0.82),
    (0.98, 0.97, 0.95),
    (0.55, 0.42, 0.90),
)


def draw(scene: Scene) -> Stage:
    draw_sky(scene, HORIZON, sun_at=float(scene.rng.uniform(0.15, 0.35)))
    canvas = scene.canvas
    far = outline(scene, HORIZON - 0.10, 0.10, 1.6, 0.4)
    sheet = canvas.sheet((0, HORIZON - 0.12, canvas.aspect, HORIZON + 0.1))
    sheet.polygon(closed(far, HORIZON + 0.1), scene.light.on((0.24, 0.34, 0.40), 0.75))
    canvas.lay(sheet)
    draw_hills(scene, HORIZON, grass(scene.brief))
    if scene.brief.style is not Style.INK:
        draw_blades(scene, 0.72, 2400)
    wants_flowers = "flowers" in scene.brief.traits or scene.brief.season is Season.SPRING
    if wants_flowers and scene.brief.weather is not Weather.SNOW:
        many = 420 if "flowers" in scene.brief.traits else 130
        draw_flowers(scene, 0.70, many, scene.leading(*FLOWERS))
    canvas.tint(0.9, 1.0, times(scene.light.on(grass(scene.brief)), 0.5), (0.0, 0.25))
    return Stage(0.90, 0.36, places={"tree": (0.5, 0.84, 0.62), "house": (0.6, 0.74, 0.2), "castle": (0.62, 0.66, 0.3)})
