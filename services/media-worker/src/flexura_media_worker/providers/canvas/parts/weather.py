"""What falls, and what hangs in the air."""

import numpy as np

from flexura_media_worker.providers.canvas.brief import Weather
from flexura_media_worker.providers.canvas.colours import WHITE, mix
from flexura_media_worker.providers.canvas.noise import fractal
from flexura_media_worker.providers.canvas.scene import Scene

DRIFT, DRIFT_S = 0.4, 10.0  # How far mist goes, in units of the picture's height, and how long it takes.


def draw_weather(scene: Scene) -> None:
    match scene.brief.weather:
        case Weather.RAIN:
            draw_rain(scene, 700, 0.30)
        case Weather.STORM:
            draw_rain(scene, 900, 0.34, lean=0.35)
        case Weather.SNOW:
            draw_snow(scene, 900)
        case Weather.FOG:
            draw_mist(scene, 0.85)
        case _:
            pass


def draw_rain(scene: Scene, count: int, alpha: float, lean: float = 0.12) -> None:
    canvas, rng = scene.canvas, scene.rng
    sheet = canvas.sheet(plain=True)
    tone = mix(scene.light.horizon, WHITE, 0.45)
    across = canvas.aspect + 0.4
    for x, y, near in rng.random((scene.many(count), 3)):
        length = 0.02 + 0.07 * near**2
        fallen = (1.3 + 1.2 * near) * scene.time_s
        at = ((x * across - lean * fallen) % across - 0.2, (y + fallen) % 1 * 1.1 - 0.05)
        sheet.stroke(at, (at[0] - lean * length, at[1] + length), 0.0006 + 0.0012 * near, tone, 0.25 + 0.5 * near)
    canvas.lay(sheet, alpha)


def draw_snow(scene: Scene, count: int) -> None:
    canvas, rng = scene.canvas, scene.rng
    sheet, close = canvas.sheet(plain=True), canvas.sheet(plain=True)
    tone = scene.light.on(WHITE)
    for x, y, near in rng.random((scene.many(count), 3)):
        drift = 0.02 * scene.swing(3.0 + near, x * 7) - 0.02 * float(np.sin(2 * np.pi * x * 7))
        at = ((x + drift) * canvas.aspect, (y + (0.08 + 0.22 * near) * scene.time_s) % 1)
        radius = 0.0012 + 0.0042 * near**3
        (close if near > 0.93 else sheet).ellipse(at, radius, radius, mix(tone, WHITE, 0.4), 0.4 + 0.6 * near)
    canvas.lay(sheet, 0.9)
    canvas.lay(close, 0.8, blur=0.0025)


def draw_mist(scene: Scene, strength: float) -> None:
    canvas = scene.canvas
    drift = round(DRIFT * canvas.height)
    past = round(DRIFT * canvas.height * min(1.0, scene.time_s / DRIFT_S))
    field = fractal(scene.rng, canvas.height, canvas.width + drift, 2.3, 5, stretch=3.4)[:, past : past + canvas.width]
    rows = np.sin(np.linspace(0.0, 0.86, canvas.height) * np.pi)[:, None]
    canvas.blend(scene.light.haze, (np.clip(field * 1.3 - 0.15, 0, 1) * rows * strength).astype(np.float32))
