"""A broad tree that stands by itself."""

from flexura_media_worker.providers.canvas.brief import Season
from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.figures.parts import shadow
from flexura_media_worker.providers.canvas.light import leaves
from flexura_media_worker.providers.canvas.parts.trees import draw_broad
from flexura_media_worker.providers.canvas.scene import Scene

FALLING = 0.25  # The share of the leaves that are still in the air.


def draw(scene: Scene, at: Point, size: float) -> None:
    shadow(scene, at, size * 0.36)
    sheet = scene.canvas.sheet()
    draw_broad(sheet, scene, at, size)
    if scene.brief.season is Season.AUTUMN:
        for x, y, tone in scene.rng.random((scene.many(150), 3)):
            spot = (at[0] + (x - 0.5) * size * 1.3, at[1] + (y - 0.25) * size * 0.16)
            if tone < FALLING:
                down = (y + 0.16 * scene.time_s) % 1
                spot = (spot[0] + 0.03 * size * scene.swing(1.7, x), at[1] - 0.6 * size * (1 - down))
            colour = scene.light.on(leaves(scene.brief)[int(tone * 3) % 3])
            sheet.ellipse(spot, size * 0.011, size * 0.006, colour, 0.9)
    scene.canvas.lay(sheet)
