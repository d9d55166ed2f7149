"""Loudness as ITU-R BS.1770 measures it: K-weighted and gated."""

import numpy as np
from numpy.typing import NDArray

from flexura_media_worker.providers.tones.sound import RATE, Samples, fast_size

# The filters of the standard at 48 kHz: a shelf for the head, a high-pass for what the ear hears less.
SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
OFFSET = -0.691
STEP = RATE // 10
BLOCK_STEPS = 4  # 400 ms, three quarters of which the next block shares.
ABSOLUTE_GATE = -70.0
RELATIVE_GATE = -10.0
RING = RATE // 4  # Until the high-pass filter is quiet again.
SILENCE = -120.0


def integrated(samples: Samples) -> float:
    """The loudness of a piece in LUFS; what is quieter than a block can hold counts as one block."""
    blocks = block_powers(weighted(samples))
    heard = blocks[blocks > power_of(ABSOLUTE_GATE)]
    if not heard.size:
        return SILENCE
    gate = heard.mean() * 10 ** (RELATIVE_GATE / 10)
    return float(OFFSET + 10 * np.log10(heard[heard > gate].mean()))


def power_of(loudness: float) -> float:
    return float(10 ** ((loudness - OFFSET) / 10))


def weighted(samples: Samples) -> Samples:
    size = fast_size(samples.shape[-1] + RING)
    turns = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    gain = (response(SHELF, turns) * response(HIGH_PASS, turns)).astype(np.complex64)
    return np.fft.irfft(np.fft.rfft(samples, size) * gain, size)[..., : samples.shape[-1]]


def response(
    stage: tuple[tuple[float, float, float], tuple[float, float, float]], turns: NDArray[np.complex128]
) -> NDArray[np.complex128]:
    above, below = (first + turns * (second + turns * third) for first, second, third in stage)
    return np.asarray(above / below, np.complex128)


def block_powers(sides: Samples) -> NDArray[np.float64]:
    """The mean square of each block, both channels together."""
    length = sides.shape[-1]
    steps = length // STEP
    if steps < BLOCK_STEPS:
        return np.array([float(np.square(sides, dtype=np.float64).sum() / max(1, length))])
    energies = np.square(sides[..., : steps * STEP], dtype=np.float64).reshape(-1, steps, STEP).sum(axis=(0, 2))
    sums = np.concatenate([[0.0], np.cumsum(energies)])
    return np.asarray((sums[BLOCK_STEPS:] - sums[:-BLOCK_STEPS]) / (BLOCK_STEPS * STEP), np.float64)
