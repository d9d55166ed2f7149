"""An organ of nine pipes to a key."""

import numpy as np

from flexura_media_worker.providers.tones.sound import Samples, count, fade, hz, phase, table_of, wave

STOPS = np.zeros(17)
STOPS[[0, 1, 2, 3, 5, 7, 9, 11, 15]] = (0.45, 1.0, 0.2, 0.6, 0.3, 0.35, 0.1, 0.1, 0.12)


def organ(pitch: int, length_s: float, _force: float) -> Samples:
    samples = count(length_s + 0.12)
    # The table begins an octave below the key.
    table = table_of(STOPS)
    envelope = fade(samples, 0.03, 0.12)
    return np.stack([wave(table, phase(hz(pitch - 12) * detune, samples)) for detune in (0.9993, 1.0007)]) * envelope
