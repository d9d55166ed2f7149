"""The sky of a film: it stands, and its clouds drift."""

from dataclasses import replace

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Canvas, Pixels
from flexura_media_worker.providers.canvas.parts.sky import clouds_of, draw_open_sky
from flexura_media_worker.providers.canvas.plate import Sky
from flexura_media_worker.providers.canvas.scene import Scene

SPEED = 0.02  # Of the clouds, in heights of the picture a second.
SPEED_IN_STORM = 0.06


class DriftingSky:
    def __init__(self, scene: Scene, sky: Sky, speed: float, duration_s: float) -> None:
        """The scene's source of chance is the sky's own."""
        canvas = Canvas(scene.canvas.width, scene.canvas.height)
        scene = replace(scene, canvas=canvas, plate=None)
        draw_open_sky(scene, sky)
        self._open = canvas.pixels[: canvas.rows(0, sky.horizon)[1]].copy()
        self._width = canvas.width
        self._speed = speed * canvas.height
        self._clouds: Pixels | None = None
        if sky.clouds:
            tones, share = clouds_of(scene, sky, canvas.width + int(self._speed * duration_s) + 2)
            # Colour times its share, and the share.
            self._clouds = np.concatenate((tones * share[:, :, None], share[:, :, None]), axis=2)

    def at(self, time_s: float) -> Pixels:
        """Rows from the top to the horizon."""
        if self._clouds is None:
            return self._open
        past = self._speed * time_s
        first, between = int(past), np.float32(past % 1)
        clouds = self._clouds[:, first : first + self._width] * (1 - between)
        clouds += self._clouds[:, first + 1 : first + 1 + self._width] * between
        pixels: Pixels = self._open[: len(clouds)] * (1 - clouds[:, :, 3:]) + clouds[:, :, :3]
        return pixels
