"""Water that moves: each place shows what is a little above or below it, in waves that run towards us."""

import numpy as np

from flexura_media_worker.providers.canvas.canvas import Pixels
from flexura_media_worker.providers.canvas.noise import Field, Rng, fractal

SEEN = 0.02  # A smaller share of water is none.
PERIOD_S = 3.2
WAVES = 9.0  # From the nearest water to the farthest.
SHADE = 0.07


class Ripples:
    def __init__(self, share: Field, swell: float, rng: Rng) -> None:
        """The share of water at each place; the swell is how far it moves, in heights of the picture."""
        height, width = share.shape
        rows = np.flatnonzero(share.max(axis=1) > SEEN)
        first, last = (int(rows[0]), int(rows[-1]) + 1) if len(rows) > 1 and swell else (0, 0)
        self._rows = slice(first, last)
        self._share = share[first:last, :, None]
        near = np.linspace(0, 1, last - first, dtype=np.float32)[:, None]
        waves: Field = WAVES / (1 + 5 * near)  # The farther the water, the closer they are.
        uneven, octaves = 2.5, 3
        if first == 0:
            waves, uneven, octaves = near, 1.2, 1  # Seen from above, or no water at all.
        self._phase = 2 * np.pi * (waves + uneven * fractal(rng, max(1, last - first), width, 3, octaves, 2.0))
        self._reach = swell * height * (0.25 + 0.75 * near)
        self._columns = np.arange(width)[None, :]
        self._places = np.arange(last - first, dtype=np.float32)[:, None]

    def move(self, pixels: Pixels, time_s: float) -> None:
        water = pixels[self._rows]
        count = len(water)
        if not count:
            return
        wave = np.sin(self._phase + np.float32(2 * np.pi * time_s / PERIOD_S))
        at = np.clip(self._places + self._reach * wave, 0, count - 1.001)
        above = at.astype(np.int32)
        between = (at - above)[:, :, None]
        moved = water[above, self._columns] * (1 - between)
        moved += water[above + 1, self._columns] * between
        moved *= (1 + SHADE * wave)[:, :, None]
        water += (moved - water) * self._share
