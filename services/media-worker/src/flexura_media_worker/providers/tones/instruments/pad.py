"""A soft, wide synthesizer chord: voices a little apart, and a filter that opens and closes."""

import numpy as np

from flexura_media_worker.providers.tones.sound import Samples, count, fade, hz, phase, saw, times, wave

ATTACK_S, RELEASE_S = 0.7, 0.9
VOICES = ((0, -0.0034, 0.13), (0, 0.0019, 0.57), (1, 0.0036, 0.31), (1, -0.0017, 0.83))


def pad(pitch: int, length_s: float, force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    dull, bright = saw(frequency_hz, 420, 3), saw(frequency_hz, 1100 + 900 * force, 3)
    opening = np.float32(0.45) - np.float32(0.4) * np.cos(
        2 * np.pi * np.minimum(times(samples) / max(1.5, length_s), 1)
    )
    sides = np.zeros((2, samples), np.float32)
    for side, detune, start in VOICES:
        at = phase(frequency_hz * (1 + detune), samples, start + pitch * 0.37)
        sides[side] += wave(dull, at) + opening * wave(bright, at)
    return sides * fade(samples, min(ATTACK_S, length_s / 3), RELEASE_S)
