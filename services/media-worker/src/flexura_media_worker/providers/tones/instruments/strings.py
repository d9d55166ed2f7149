"""A section of bowed strings."""

import numpy as np
from numpy.typing import NDArray

from flexura_media_worker.providers.tones.sound import Samples, bent, count, fade, harmonics, hz, times, wave

ATTACK_S, RELEASE_S = 0.22, 0.35
VIBRATO_HZ, VIBRATO = 5.4, 0.0026
PLAYERS = (
    (0, -0.0036, 0.1),
    (0, 0.0011, 0.4),
    (0, 0.0044, 0.7),
    (1, 0.0031, 0.2),
    (1, -0.0014, 0.5),
    (1, -0.0042, 0.9),
)
# Where the wooden body resonates, in hertz, and how much.
BODY = ((280, 0.7), (460, 0.8), (1100, 0.6), (2600, 0.5))


def strings(pitch: int, length_s: float, force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    swelling = np.minimum(times(samples) / 0.7, 1)
    vibrato = VIBRATO * swelling * np.sin(2 * np.pi * (VIBRATO_HZ + 0.03 * (pitch % 7)) * times(samples))
    # Two groups that do not tremble alike.
    warps = [np.cumsum(1 + sign * vibrato, dtype=np.float64) for sign in (1.0, -0.8)]
    table = harmonics(
        frequency_hz, lambda k: bowed(k * frequency_hz) / k**0.8 / (1 + (k * frequency_hz / (2800 + 2200 * force)) ** 2)
    )
    sides = np.zeros((2, samples), np.float32)
    for number, (side, detune, start) in enumerate(PLAYERS):
        sides[side] += wave(table, bent(frequency_hz * (1 + detune), warps[number % 2], start + pitch * 0.29))
    return sides * fade(samples, min(ATTACK_S, length_s / 4), min(RELEASE_S, length_s))


def bowed(frequencies_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    octaves = [np.log2(frequencies_hz / centre) for centre, _ in BODY]
    peaks = [gain * np.exp(-8 * away**2) for away, (_, gain) in zip(octaves, BODY, strict=True)]
    return np.asarray(0.6 + np.sum(peaks, axis=0))
