"""A synthesizer for melodies and stabs: two saws and a filter that closes."""

import numpy as np

from flexura_media_worker.providers.tones.sound import Samples, bent, count, decay, fade, hz, saw, times, wave

RELEASE_S = 0.16


def synth(pitch: int, length_s: float, force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    late = np.clip(times(samples) / 0.3 - 1, 0, 1)
    warped = np.cumsum(1 + 0.003 * late * np.sin(2 * np.pi * 5 * times(samples)), dtype=np.float64)
    dull, bright = saw(frequency_hz, 1000, 3), saw(frequency_hz, 2800 + 2600 * force, 3)
    closing = np.float32(0.4) + np.float32(0.8) * decay(samples, 0.22)
    envelope = fade(samples, 0.008, RELEASE_S) * (np.float32(0.7) + np.float32(0.3) * decay(samples, 0.3))
    sides = []
    for detune, start in ((0.0021, 0.0), (-0.0024, 0.35)):
        at = bent(frequency_hz * (1 + detune), warped, start)
        sides.append((wave(dull, at) + closing * wave(bright, at)) * envelope)
    # Each side has some of both.
    return np.stack([sides[0] + np.float32(0.45) * sides[1], sides[1] + np.float32(0.45) * sides[0]])
