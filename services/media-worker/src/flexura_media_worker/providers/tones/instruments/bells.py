"""A bell such as a celesta or a music box has: a clear tone and partials that fade before it."""

import numpy as np

from flexura_media_worker.providers.tones.sound import HIGHEST_HZ, Samples, count, decay, fade, hz, sine

RING_S = 2.4
# Frequency by that of the tone, strength, and how long it rings.
PARTIALS = (
    (1.0, 1.0, 0.85),
    (1.003, 0.45, 0.7),
    (2.0, 0.28, 0.5),
    (2.76, 0.36, 0.26),
    (5.4, 0.24, 0.1),
    (8.93, 0.14, 0.05),
)


def bells(pitch: int, _length_s: float, force: float) -> Samples:
    samples, frequency_hz = count(RING_S), hz(pitch)
    sound = np.zeros(samples, np.float32)
    for ratio, strength, ring_s in PARTIALS:
        if ratio * frequency_hz < HIGHEST_HZ:
            brightness = force if ratio > 2 else 1.0  # noqa: PLR2004  (what the hammer adds)
            length = min(samples, count(ring_s * 6))
            part = sine(ratio * frequency_hz, length) * decay(length, ring_s)
            sound[:length] += np.float32(strength * brightness) * part
    return (sound * fade(samples, 0.002, 0.3))[None]
