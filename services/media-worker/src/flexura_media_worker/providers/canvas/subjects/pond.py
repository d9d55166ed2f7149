"""A pond from above: clear water over stones, lily pads, fish."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point, Sheet
from flexura_media_worker.providers.canvas.colours import Colour, mix, times
from flexura_media_worker.providers.canvas.figures import fish
from flexura_media_worker.providers.canvas.noise import fractal
from flexura_media_worker.providers.canvas.scene import Scene, Stage


def draw(scene: Scene) -> Stage:
    canvas, light = scene.canvas, scene.light
    canvas.gradient(0, 1, ((0.0, light.on((0.08, 0.36, 0.40))), (1.0, light.on((0.04, 0.24, 0.30)))))
    draw_stones(scene)
    canvas.tint(0, 1, light.on((0.06, 0.36, 0.40)), (0.62, 0.5, 0.62))
    draw_caustics(scene)
    scene.mark_water(slice(0, canvas.height), 0.006)
    draw_pads(scene)
    return Stage(0.5, 0.2, draw_alive=draw_fish)


def draw_fish(scene: Scene) -> None:
    for x, y, angle, size in places(scene):
        fish.draw_from_above(scene, (x, y), size, angle)


def places(scene: Scene) -> list[tuple[float, float, float, float]]:
    rng = scene.rng
    turn = float(rng.uniform(0, 6)) + 0.16 * scene.time_s
    spots = []
    for number in range(6):
        angle = turn + number * 1.05
        away = 0.30 if number % 2 else 0.20
        x = scene.canvas.aspect * (0.5 + away * float(np.cos(angle)) * 1.05)
        y = 0.5 + away * float(np.sin(angle)) * 1.1
        spots.append((x, y, angle + np.pi / 2 + float(rng.normal(0, 0.3)), float(rng.uniform(0.16, 0.25))))
    return spots


def draw_stones(scene: Scene) -> None:
    canvas, rng = scene.canvas, scene.rng
    sheet = canvas.sheet()
    for x, y, size, tone in rng.random((scene.many(220 * canvas.aspect), 4)):
        radius = 0.012 + 0.04 * size**2
        shade: Colour = mix((0.34, 0.36, 0.34), (0.58, 0.52, 0.42), tone)
        spot = (x * canvas.aspect, y)
        sheet.ellipse((spot[0] + radius * 0.15, spot[1] + radius * 0.2), radius, radius * 0.8, (0.02, 0.08, 0.10), 0.5)
        sheet.ellipse(spot, radius, radius * 0.8, scene.light.on(shade))
        sheet.ellipse(
            (spot[0] - radius * 0.2, spot[1] - radius * 0.25),
            radius * 0.55,
            radius * 0.4,
            scene.light.on(times(shade, 1.15)),
            0.7,
        )
    canvas.lay(sheet, blur=0.003)


def draw_caustics(scene: Scene) -> None:
    """The net of light that waves draw on the ground."""
    canvas = scene.canvas
    field = fractal(scene.rng, canvas.height, canvas.width, 7, 2, stretch=1.3)
    other = fractal(scene.rng, canvas.height, canvas.width, 8, 2, stretch=1.3)
    lines = np.exp(-((np.abs(field - 0.5) * 16) ** 2)) + np.exp(-((np.abs(other - 0.5) * 16) ** 2))
    canvas.blend(scene.light.on((0.80, 0.98, 0.92)), (lines * 0.22).astype(np.float32))


def draw_pads(scene: Scene) -> None:
    canvas, rng = scene.canvas, scene.rng
    sheet, shadows = canvas.sheet(), canvas.sheet()
    spots = [
        (0.10, 0.14),
        (0.24, 0.02),
        (0.07, 0.32),
        (0.90, 0.86),
        (0.77, 0.99),
        (0.94, 0.68),
        (0.92, 0.10),
        (0.10, 0.92),
    ]
    for number, (x, y) in enumerate(spots):
        radius = float(rng.uniform(0.06, 0.105))
        middle = (x * canvas.aspect + float(rng.normal(0, 0.01)), y + float(rng.normal(0, 0.01)))
        turn = float(rng.uniform(0, 2 * np.pi))
        angles = turn + np.linspace(0.22, 2 * np.pi - 0.22, 40)
        rim = [(middle[0] + radius * float(np.cos(a)), middle[1] + radius * float(np.sin(a)) * 0.9) for a in angles]
        shadows.polygon([(px + 0.012, py + 0.018) for px, py in [*rim, middle]], (0.0, 0.06, 0.08), 0.6)
        tone: Colour = mix((0.18, 0.46, 0.20), (0.36, 0.58, 0.22), float(rng.random()))
        sheet.polygon([*rim, middle], scene.light.on(tone))
        for vein in angles[::5]:
            end = (middle[0] + radius * 0.86 * float(np.cos(vein)), middle[1] + radius * 0.78 * float(np.sin(vein)))
            sheet.line([middle, end], 0.0022, scene.light.on(times(tone, 1.25)), 0.7)
        if number % 3 == 0:
            lily(sheet, scene, (middle[0] + radius * 0.3, middle[1] - radius * 0.2), radius * 0.5)
    canvas.lay(shadows, 0.8, blur=0.006)
    canvas.lay(sheet)


def lily(sheet: Sheet, scene: Scene, at: Point, size: float) -> None:
    for ring, tone in ((1.0, (0.96, 0.62, 0.76)), (0.66, (0.99, 0.82, 0.88))):
        for petal in range(8):
            angle = petal * np.pi / 4 + (0.4 if ring < 1 else 0.0)
            tip = (at[0] + size * ring * float(np.cos(angle)), at[1] + size * ring * float(np.sin(angle)) * 0.85)
            side = (float(np.sin(angle)) * size * 0.2, -float(np.cos(angle)) * size * 0.2)
            middle = ((at[0] + tip[0]) / 2, (at[1] + tip[1]) / 2)
            leaf = [at, (middle[0] + side[0], middle[1] + side[1]), tip, (middle[0] - side[0], middle[1] - side[1])]
            sheet.polygon(leaf, scene.light.on(times(tone, 0.86 + 0.14 * (petal % 2))))
    sheet.ellipse(at, size * 0.2, size * 0.18, scene.light.on((0.98, 0.80, 0.25)))
