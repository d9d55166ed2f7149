"""Basses: a round one with strings, and one out of a synthesizer."""

import numpy as np

from flexura_media_worker.providers.tones.sound import Samples, count, decay, fade, harmonics, hz, phase, saw, wave

RELEASE_S = 0.09


def bass(pitch: int, length_s: float, force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    body = harmonics(frequency_hz, lambda k: np.exp(-0.9 * (k - 1)) + 0.1 * np.exp(-0.3 * k))
    string = harmonics(frequency_hz, lambda k: np.sin(0.45 * k) / k * np.exp(-0.06 * k))
    at = phase(frequency_hz, samples)
    sound = wave(body, at) * decay(samples, 1.6) + np.float32(0.7 * force) * wave(string, at) * decay(samples, 0.16)
    return (sound * fade(samples, 0.006, RELEASE_S))[None]


def synth_bass(pitch: int, length_s: float, force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    at = phase(frequency_hz, samples)
    dull, bright = saw(frequency_hz, 180), saw(frequency_hz, 900 + 1400 * force)
    opening = decay(samples, 0.11)
    sound = wave(dull, at) + np.float32(0.75) * opening * wave(bright, at)
    return (np.tanh(np.float32(1.3) * sound) * fade(samples, 0.004, RELEASE_S))[None]
