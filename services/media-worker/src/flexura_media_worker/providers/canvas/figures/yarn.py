"""A ball of yarn with its thread."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Point
from flexura_media_worker.providers.canvas.colours import Colour, times
from flexura_media_worker.providers.canvas.figures.parts import curve, shadow
from flexura_media_worker.providers.canvas.figures.play import rolled
from flexura_media_worker.providers.canvas.scene import Scene

WOOL: Colour = (0.84, 0.20, 0.34)


def draw(scene: Scene, at: Point, size: float) -> None:
    """Its size is that of the ball's height."""
    canvas, rng = scene.canvas, scene.rng
    radius = size * 0.5
    away = size * 1.7 * rolled(scene.time_s)
    thread_end = at[0] - size * 2.3
    at = (at[0] + away, at[1])
    middle = (at[0], at[1] - radius)
    shadow(scene, at, radius * 1.1)
    sheet = canvas.sheet((at[0] - 6 * size, at[1] - 2 * size, at[0] + 3 * size, at[1] + size))
    wool = scene.light.on(WOOL)
    thread = curve((at[0] - radius * 0.4, at[1] - 0.1 * radius), (at[0] - size, at[1] + size * 0.16),
                   (thread_end + size * 0.6, at[1] - size * 0.10), (thread_end, at[1] + size * 0.18))  # fmt: skip
    sheet.line(thread, size * 0.05, wool)
    sheet.ellipse(middle, radius, radius, wool)
    for number in range(16):
        turn = float(rng.uniform(0, np.pi)) + away / radius
        lie = float(rng.uniform(0.1, 0.9))
        angles = np.linspace(0, np.pi, 24)
        arcs = [(float(np.cos(a)) * 0.94, float(np.sin(a)) * lie * 0.94) for a in angles]
        line = [
            (
                middle[0] + radius * (x * np.cos(turn) - y * np.sin(turn)),
                middle[1] + radius * (x * np.sin(turn) + y * np.cos(turn)),
            )
            for x, y in arcs
        ]
        sheet.line([(float(x), float(y)) for x, y in line], size * 0.042, times(wool, 0.72 + 0.5 * (number % 3) / 2))
    sheet.ellipse(
        (middle[0] - radius * 0.3, middle[1] - radius * 0.35), radius * 0.3, radius * 0.22, (1.0, 0.9, 0.9), 0.18
    )
    canvas.lay(sheet)
