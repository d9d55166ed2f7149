"""What sound is made of: waves out of tables, envelopes, filtered noise."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
TABLE_BITS = 14
TABLE_SIZE = 1 << TABLE_BITS
CYCLE = 2**32  # A phase is an integer that wraps by itself.
HIGHEST_HZ = 14_000.0
HARMONICS_MAX = 64

Samples = NDArray[np.floating[Any]]
"""One row for both sides, or one for each."""
Phase = NDArray[np.uint32]


def hz(pitch: float) -> float:
    return float(440.0 * 2 ** ((pitch - 69) / 12))


def count(seconds: float) -> int:
    return max(1, round(seconds * RATE))


def times(samples: int) -> Samples:
    return np.arange(samples, dtype=np.float32) / np.float32(RATE)


def phase(frequency_hz: float, samples: int, start: float = 0.0) -> Phase:
    step = np.uint32(round(frequency_hz / RATE * CYCLE) % CYCLE)
    return np.arange(samples, dtype=np.uint32) * step + np.uint32(int(start % 1 * CYCLE))


def bent(frequency_hz: float, warped: NDArray[np.float64], start: float = 0.0) -> Phase:
    """A phase along warped time, in samples: vibrato, glides."""
    return (warped * (frequency_hz / RATE * CYCLE) + start * CYCLE).astype(np.int64).astype(np.uint32)


def wave(table: Samples, at: Phase) -> Samples:
    heard: Samples = table[at >> np.uint32(32 - TABLE_BITS)]
    return heard


def table_of(harmonics: Iterable[float]) -> Samples:
    """One cycle of a wave with these harmonics."""
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, np.complex64)
    strengths = np.fromiter(harmonics, np.float32)
    # Phases that spread keep many harmonics from making one sharp peak.
    turns = np.exp(1j * 0.7 * np.arange(len(strengths)) ** 2).astype(np.complex64)
    spectrum[1 : len(strengths) + 1] = strengths * turns * -0.5j * TABLE_SIZE
    return np.fft.irfft(spectrum, TABLE_SIZE).astype(np.float32)


SINE = np.sin(2 * np.pi * np.arange(TABLE_SIZE) / TABLE_SIZE).astype(np.float32)


def sine(frequency_hz: float, samples: int, start: float = 0.0) -> Samples:
    return wave(SINE, phase(frequency_hz, samples, start))


def harmonics(frequency_hz: float, strength: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Samples:
    """The table of a wave whose harmonics are as strong as said, none of them beyond hearing."""
    orders = np.arange(1, max(2, min(HARMONICS_MAX, int(HIGHEST_HZ / frequency_hz)) + 1), dtype=np.float64)
    return table_of(strength(orders))


def saw(frequency_hz: float, cutoff_hz: float, slope: float = 2.0) -> Samples:
    """The table of a saw through a soft low-pass filter."""
    return harmonics(frequency_hz, lambda k: 1 / k / (1 + (k * frequency_hz / cutoff_hz) ** slope))


def fade(samples: int, attack_s: float, release_s: float) -> Samples:
    """Rises and falls like a cosine, and stays between."""
    envelope = np.ones(samples, np.float32)
    rise, fall = min(count(attack_s), samples // 2), min(count(release_s), samples - samples // 2)
    envelope[:rise] = ramp(rise)
    envelope[samples - fall :] = ramp(fall)[::-1]
    return envelope


def ramp(samples: int) -> Samples:
    course = 0.5 - 0.5 * np.cos(np.pi * np.arange(samples) / max(1, samples - 1))
    return np.asarray(course, np.float32)


def decay(samples: int, tau_s: float) -> Samples:
    return np.asarray(np.exp(times(samples) / np.float32(-tau_s)), np.float32)


def shaped(samples: Samples, gain: Callable[[Samples], Samples]) -> Samples:
    """Filtered: each frequency times its gain."""
    length = samples.shape[-1]
    size = fast_size(length)
    frequencies = np.fft.rfftfreq(size, 1 / RATE).astype(np.float32)
    return np.fft.irfft(np.fft.rfft(samples, size) * gain(frequencies), size)[..., :length].astype(np.float32)


def fast_size(length: int) -> int:
    """The least size not below a length that a Fourier transform takes quickly."""
    best = 1 << max(1, (length - 1).bit_length())
    for odd in (3, 5, 9, 15, 25, 27, 45, 75):
        power = max(0, (-(-length // odd) - 1).bit_length())
        best = min(best, odd << max(1, power))
    return best


def low_pass(cutoff_hz: float, slope: float = 2.0) -> Callable[[Samples], Samples]:
    return lambda frequencies: 1 / (1 + (frequencies / np.float32(cutoff_hz)) ** np.float32(slope))


def band(low_hz: float, high_hz: float, slope: float = 2.0) -> Callable[[Samples], Samples]:
    def gain(frequencies: Samples) -> Samples:
        below = (np.float32(low_hz) / np.maximum(frequencies, 1)) ** np.float32(slope)
        above = (frequencies / np.float32(high_hz)) ** np.float32(slope)
        return 1 / ((1 + below) * (1 + above))

    return gain
