"""A flute: nearly a sine, with breath."""

import numpy as np

from flexura_media_worker.providers.tones.sound import (
    Samples,
    band,
    bent,
    count,
    fade,
    harmonics,
    hz,
    shaped,
    times,
    wave,
)

ATTACK_S, RELEASE_S = 0.05, 0.1


def flute(pitch: int, length_s: float, force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    table = harmonics(frequency_hz, lambda k: np.array([1.0, 0.28 + 0.2 * force, 0.12, 0.05, 0.02])[: len(k)])
    swelling = np.minimum(times(samples) / 0.5, 1)
    trembling = swelling * np.sin(2 * np.pi * 5.3 * times(samples))
    at = bent(frequency_hz, np.cumsum(1 + 0.0028 * trembling, dtype=np.float64))
    breath = np.random.default_rng(pitch).standard_normal(samples, np.float32)
    breath = shaped(breath, band(frequency_hz, 2.5 * frequency_hz, 3))
    tone = wave(table, at) * (1 + np.float32(0.12) * trembling)
    sound = (tone + np.float32(0.07) * breath) * fade(samples, min(ATTACK_S, length_s / 3), RELEASE_S)
    return np.asarray(sound, np.float32)[None]
