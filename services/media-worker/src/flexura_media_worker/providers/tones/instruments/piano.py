"""A piano: stiff strings, whose high partials fade first, and a felt hammer."""

import numpy as np

from flexura_media_worker.providers.tones.sound import (
    HIGHEST_HZ,
    Samples,
    count,
    decay,
    fade,
    hz,
    low_pass,
    shaped,
    sine,
    times,
)

PARTIALS = 14
STIFFNESS = 0.00035
RELEASE_S = 0.25
HAMMER_S = 0.03
PLACE = 0.122  # Where the hammer strikes, by the length of the string.


def piano(pitch: int, length_s: float, force: float) -> Samples:
    samples, frequency_hz = count(length_s + RELEASE_S), hz(pitch)
    ring_s = 1.9 * 2 ** ((60 - pitch) / 20)
    sound = np.zeros(samples, np.float32)
    for order in range(1, PARTIALS + 1):
        partial_hz = frequency_hz * order * np.sqrt(1 + STIFFNESS * order**2 * 2 ** ((pitch - 60) / 12))
        if partial_hz > HIGHEST_HZ:
            break
        softness = np.exp(-partial_hz / (900 + 2600 * force))
        strength = abs(np.sin(np.pi * order * PLACE)) / order**0.75 * softness
        tau_s = ring_s / (1 + 0.34 * (order - 1))
        length = min(samples, count(tau_s * 6))
        # Struck hard at first, it then rings on more quietly.
        body = np.float32(0.7) * decay(length, tau_s * 0.45) + np.float32(0.3) * decay(length, tau_s * 1.6)
        if order <= 3:  # noqa: PLR2004  (partials: of the others nobody hears it)
            body *= 1 + np.float32(0.12) * np.sin(2 * np.pi * (0.35 + 0.21 * order) * times(length))
        sound[:length] += np.float32(strength) * body * sine(partial_hz, length)
    sound[: count(HAMMER_S)] += hammer(min(samples, count(HAMMER_S)), force)
    return (sound * fade(samples, 0.002, RELEASE_S))[None]


def hammer(samples: int, force: float) -> Samples:
    noise = np.random.default_rng(1).standard_normal(samples, np.float32)
    return np.float32(0.12 * force) * shaped(noise * decay(samples, 0.008), low_pass(1400))
