"""The waves of old game consoles."""

import numpy as np

from flexura_media_worker.providers.tones.sound import Samples, bent, count, decay, fade, harmonics, hz, times, wave

DUTY = 0.25
RELEASE_S = 0.02


def square(pitch: int, length_s: float, _force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    pulse = harmonics(frequency_hz, lambda k: np.sin(np.pi * k * DUTY) / k / (1 + (k * frequency_hz / 7000) ** 2))
    late = np.clip(times(samples) / 0.25 - 1, 0, 1)
    warped = np.cumsum(1 + 0.004 * late * np.sin(2 * np.pi * 6 * times(samples)), dtype=np.float64)
    volume = np.float32(0.65) + np.float32(0.35) * decay(samples, 0.12)
    return (wave(pulse, bent(frequency_hz, warped)) * volume * fade(samples, 0.002, RELEASE_S))[None]


def triangle(pitch: int, length_s: float, _force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    table = harmonics(frequency_hz, lambda k: np.where(k % 2 == 1, 1 / k**1.7, 0))
    at = bent(frequency_hz, np.arange(samples, dtype=np.float64))
    return (wave(table, at) * fade(samples, 0.003, RELEASE_S))[None]
