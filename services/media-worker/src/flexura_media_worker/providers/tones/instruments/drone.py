"""A low sound without end, whose partials come and go."""

import numpy as np

from flexura_media_worker.providers.tones.sound import RATE, Samples, count, fade, hz, sine

PARTIALS = 14
GOLDEN = 0.618034
SLOWEST_HZ, SPREAD_HZ = 0.05, 0.16
SHARE = 256
"""Of the samples one is computed of what changes slowly."""


def drone(pitch: int, length_s: float, _force: float) -> Samples:
    samples, frequency_hz = count(length_s + 0.5), hz(pitch)
    coarse = np.arange(0, samples + SHARE, SHARE) / np.float32(RATE)
    fine = np.arange(samples, dtype=np.float32) / SHARE
    sides = np.zeros((2, samples), np.float32)
    for order in range(1, PARTIALS + 1):
        strength = order**-0.9 * np.exp(-0.09 * order)
        for side in (0, 1):
            turn = order * GOLDEN + side * 0.37
            breath = 0.55 + 0.45 * np.sin(2 * np.pi * ((SLOWEST_HZ + SPREAD_HZ * (turn % 1)) * coarse + turn))
            swell = np.interp(fine, np.arange(len(coarse)), strength * breath).astype(np.float32)
            detune = 1 + (0.0011 if side else -0.0011) * (1 if order % 2 else -1)
            sides[side] += swell * sine(frequency_hz * order * detune, samples, turn)
    return sides * fade(samples, min(1.2, length_s / 4), 0.5)
