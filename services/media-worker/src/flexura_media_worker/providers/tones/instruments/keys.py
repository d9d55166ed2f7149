"""An electric piano: a tine that is bright for a moment and then hums."""

import numpy as np

from flexura_media_worker.providers.tones.sound import (
    RATE,
    SINE,
    Samples,
    bent,
    count,
    decay,
    fade,
    hz,
    sine,
    times,
    wave,
)

RELEASE_S = 0.22


def keys(pitch: int, length_s: float, force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    index = np.float32(0.9 * force + 0.25) * decay(samples, 0.45) + np.float32(0.12)
    swing = index * sine(frequency_hz, samples) / (2 * np.pi)
    warped = np.arange(samples, dtype=np.float64) + swing * (RATE / frequency_hz)
    tone = wave(SINE, bent(frequency_hz, warped + samples))
    tine = np.float32(0.13 * force) * sine(min(7.1 * frequency_hz, 9000), samples) * decay(samples, 0.07)
    sound = (tone * decay(samples, 1.5) + tine) * fade(samples, 0.004, RELEASE_S)
    tremolo = np.float32(0.16) * np.sin(2 * np.pi * 3.6 * times(samples))
    return np.stack([sound * (1 + tremolo), sound * (1 - tremolo)])
