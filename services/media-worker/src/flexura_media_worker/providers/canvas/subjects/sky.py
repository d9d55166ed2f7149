"""Nothing but sky: towers of cloud over a far land."""

from flexura_media_worker.providers.canvas.colours import WHITE, mix, times
from flexura_media_worker.providers.canvas.parts.ground import closed, outline
from flexura_media_worker.providers.canvas.parts.sky import draw_sky
from flexura_media_worker.providers.canvas.scene import Scene, Stage


def draw(scene: Scene) -> Stage:
    canvas, light, rng = scene.canvas, scene.light, scene.rng
    draw_sky(scene, 1.0, clouds=0.45)
    for bank in range(3):
        y = 0.36 + 0.19 * bank
        sheet, shade = canvas.sheet(), canvas.sheet()
        for _ in range(scene.many(5)):
            x = float(rng.uniform(-0.05, canvas.aspect))
            size = float(rng.uniform(0.05, 0.09)) * (0.8 + 0.4 * bank)
            for _ in range(16):
                at = (x + float(rng.normal(0, size * 1.6)), y - abs(float(rng.normal(0, size * 0.7))))
                radius = size * float(rng.uniform(0.4, 0.9))
                shade.ellipse(
                    (at[0], at[1] + size * 0.35), radius, radius * 0.75, times(mix(light.middle, light.top, 0.2), 0.92)
                )
                sheet.ellipse(
                    at, radius * 0.9, radius * 0.66, mix(light.horizon, WHITE, 0.1 if light.is_dark else 0.7), 0.8
                )
        canvas.lay(shade, 0.75, blur=0.014)
        canvas.lay(sheet, 0.85, blur=0.010)
    land = outline(scene, 0.92, 0.04, 1.2, 0.4)
    sheet = canvas.sheet((0, 0.85, canvas.aspect, 1))
    sheet.polygon(closed(land, 1.05), light.on((0.16, 0.24, 0.22), 0.5))
    canvas.lay(sheet)
    return Stage(0.45, 0.26)
