"""The last step: the loudness that is asked for, no peak above the ceiling, silence at both ends."""

import numpy as np

from flexura_media_worker.providers.tones.loudness import SILENCE, integrated
from flexura_media_worker.providers.tones.sound import Samples, count, ramp

LOUDNESS_LUFS = -16.0
CEILING = 10 ** (-1.5 / 20)  # Leaves half a decibel below -1 dBFS for what lies between samples.
PASSES = 3
CLOSE = 0.2  # In LU.
BLOCK = 96
REACH = 8  # Blocks before and after a peak in which the gain moves: 16 ms.


def mastered(sides: Samples, fade_in_s: float, fade_out_s: float) -> Samples:
    faded_at_ends(sides, fade_in_s, fade_out_s)
    gain_db = LOUDNESS_LUFS - integrated(sides)
    limited = sides
    for _ in range(PASSES):
        limited = held_below(sides * np.float32(10 ** (gain_db / 20)))
        measured = integrated(limited)
        if abs(LOUDNESS_LUFS - measured) < CLOSE or measured == SILENCE:
            break
        gain_db += LOUDNESS_LUFS - measured
    return limited


def faded_at_ends(sides: Samples, fade_in_s: float, fade_out_s: float) -> None:
    length = sides.shape[-1]
    rise, fall = min(count(fade_in_s), length // 4), min(count(fade_out_s), length // 2)
    sides[:, :rise] *= ramp(rise)
    sides[:, length - fall :] *= ramp(fall)[::-1]


def held_below(sides: Samples) -> Samples:
    """Limited: the gain sinks before a peak and rises after it, smoothly."""
    length = sides.shape[-1]
    blocks = -(-length // BLOCK)
    peaks = np.zeros(blocks * BLOCK, np.float32)
    peaks[:length] = np.abs(sides).max(axis=0)
    needed = np.minimum(1.0, CEILING / np.maximum(peaks.reshape(blocks, BLOCK).max(axis=1), 1e-9))
    if needed.min() >= 1:
        return sides
    gains = smoothed(least_around(needed, REACH + 1), REACH)
    centres = (np.arange(blocks) + 0.5) * BLOCK
    course = np.interp(np.arange(length, dtype=np.float32), centres, gains).astype(np.float32)
    return np.asarray(np.clip(sides * course, -CEILING, CEILING), np.float32)


def least_around(values: Samples, reach: int) -> Samples:
    padded = np.pad(values, reach, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1))


def smoothed(values: Samples, reach: int) -> Samples:
    window = np.hanning(2 * reach + 3)[1:-1]
    return np.convolve(np.pad(values, reach, mode="edge"), window / window.sum(), mode="valid")
