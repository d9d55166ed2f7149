"""Light that is never quite still: windows and signs, a fire."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Pixels
from flexura_media_worker.providers.canvas.noise import Rng, fractal
from flexura_media_worker.providers.canvas.styles import blurred

REACH = 0.01  # Beyond what shines, in heights of the picture.


class Flicker:
    def __init__(self, shine: Pixels, rng: Rng, *, is_fire: bool) -> None:
        """What the lamps of a scene add to it. A fire flickers fast and as one, windows and signs by themselves."""
        height, width = shine.shape[:2]
        soft = blurred(np.clip(shine * 2, 0, 1), REACH * height)
        strength = 0.16 if is_fire else 0.10
        self._share = strength * soft.max(axis=2)
        self._phase = 2 * np.pi * fractal(rng, height, width, 1.2 if is_fire else 24.0, 2)
        self._phase *= 0.4 if is_fire else 3.0
        self._speeds = (17.0, 41.0) if is_fire else (3.0, 8.0)
        self._is_dark = float(self._share.max()) < strength / 50

    def light(self, pixels: Pixels, time_s: float) -> None:
        if self._is_dark:
            return
        slow, fast = (
            np.sin(self._phase * turn + np.float32(speed * time_s))
            for turn, speed in zip((1, 2), self._speeds, strict=True)
        )
        pixels *= (1 + self._share * (0.6 * slow + 0.4 * fast))[:, :, None]
