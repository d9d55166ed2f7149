"""Horns: the louder, the brighter."""

import numpy as np

from flexura_media_worker.providers.tones.sound import Samples, bent, count, fade, harmonics, hz, ramp, saw, times, wave

ATTACK_S, RELEASE_S = 0.07, 0.18
VIBRATO_HZ, VIBRATO = 5.1, 0.0022
PLAYERS = ((-0.0013, 0.1), (0.0003, 0.4), (0.0016, 0.8))


def brass(pitch: int, length_s: float, force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    swelling = np.minimum(times(samples) / 0.6, 1)
    vibrato = 1 + VIBRATO * swelling * np.sin(2 * np.pi * VIBRATO_HZ * times(samples))
    warped = np.cumsum(vibrato, dtype=np.float64)
    cutoff_hz = 1500 + 2500 * force
    dull = saw(frequency_hz, 2.2 * frequency_hz)
    bright = harmonics(
        frequency_hz, lambda k: np.minimum(k / 3, 1) / k**0.7 / (1 + (k * frequency_hz / cutoff_hz) ** 3)
    )
    loudness = fade(samples, min(ATTACK_S, length_s / 3), RELEASE_S)
    edge = loudness**2
    rise = min(samples, count(0.3))
    # The lips open late: a note begins round.
    edge[:rise] *= np.float32(0.4) + np.float32(0.6) * ramp(rise)
    sides = np.zeros((2, samples), np.float32)
    for detune, place in PLAYERS:
        at = bent(frequency_hz * (1 + detune), warped, place)
        sound = wave(dull, at) + np.float32(1.1) * edge * wave(bright, at)
        sides[0] += np.float32(1 - place * 0.7) * sound
        sides[1] += np.float32(0.35 + place * 0.7) * sound
    return sides * loudness
