"""Strings that are plucked: a harp, and a guitar that is brighter and drier."""

import numpy as np

from flexura_media_worker.providers.tones.sound import Samples, count, decay, fade, harmonics, hz, phase, wave

# Harmonics that fade together: from, below, and how long they ring by the first of them.
GROUPS = ((1, 2, 1.0), (2, 4, 0.55), (4, 8, 0.28), (8, 40, 0.12))


def pluck(pitch: int, length_s: float, force: float) -> Samples:
    return plucked(pitch, max(length_s, 0.7), force, ring_s=0.75, place=0.34, brightness=0.16)


def guitar(pitch: int, length_s: float, force: float) -> Samples:
    return plucked(pitch, length_s, force, ring_s=1.0, place=0.17, brightness=0.06)


def plucked(pitch: int, length_s: float, force: float, *, ring_s: float, place: float, brightness: float) -> Samples:
    samples, frequency_hz = count(length_s + 0.12), hz(pitch)
    ring_s *= 2 ** ((60 - pitch) / 24)
    at = phase(frequency_hz, samples)
    sound = np.zeros(samples, np.float32)
    for first, beyond, share in GROUPS:
        damping = brightness * (1.5 - force)
        table = harmonics(
            frequency_hz,
            lambda k, low=first, high=beyond, soft=damping: np.where(  # type: ignore[misc]
                (k >= low) & (k < high), np.sin(np.pi * k * place) / k * np.exp(-soft * k), 0
            ),
        )
        sound += wave(table, at) * decay(samples, ring_s * share)
    return (sound * fade(samples, 0.0015, 0.12))[None]
