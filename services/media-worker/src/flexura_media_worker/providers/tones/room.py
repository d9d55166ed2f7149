"""The space around the instruments: reverberation, echoes, the way a kick drum makes room for itself."""

import numpy as np

from flexura_media_worker.providers.tones.sound import RATE, Samples, band, count, decay, fade, fast_size, shaped

PREDELAY_S = 0.018
# The higher, the sooner it is gone: bounds of a band in hertz, and its share of the time.
BANDS = ((120, 700, 1.0), (700, 2500, 0.8), (2500, 7000, 0.45))
ECHOES = 3
DUCK_DEPTH, DUCK_S = 0.7, 0.13


def reverberated(sides: Samples, length_s: float) -> Samples:
    response = impulse(length_s)
    size = fast_size(sides.shape[-1] + response.shape[-1])
    wet = np.fft.irfft(np.fft.rfft(sides, size) * np.fft.rfft(response, size), size)
    return wet[..., : sides.shape[-1]].astype(np.float32)


def impulse(length_s: float) -> Samples:
    """Noise that dies away to a thousandth in the time said, another on each side."""
    samples = count(length_s)
    chance = np.random.default_rng(samples)
    tail = np.zeros((2, samples), np.float32)
    for low_hz, high_hz, share in BANDS:
        raw = shaped(chance.standard_normal((2, samples), np.float32), band(low_hz, high_hz, 2))
        tail += raw * decay(samples, length_s * share / 6.9)
    tail *= fade(samples, 0.02, length_s / 3)
    tail /= np.sqrt(np.sum(np.square(tail), axis=1, keepdims=True))
    return np.concatenate([np.zeros((2, count(PREDELAY_S)), np.float32), tail], axis=1)


def echoed(sides: Samples, delay_s: float, level: float) -> Samples:
    """Repeats that change sides."""
    heard, repeat = sides.copy(), sides
    step = count(delay_s)
    for _ in range(ECHOES):
        if step >= sides.shape[-1]:
            break
        moved = np.zeros_like(repeat)
        moved[:, step:] = repeat[::-1, :-step] * np.float32(level)
        repeat = moved
        heard += repeat
    return heard


def ducking(samples: int, kicks_s: list[float]) -> Samples:
    gain = np.ones(samples, np.float32)
    dip = 1 - np.float32(DUCK_DEPTH) * decay(count(DUCK_S * 5), DUCK_S)
    entry = np.linspace(1, dip[0], count(0.004), dtype=np.float32)
    dip = np.concatenate([entry, dip])
    for kick_s in kicks_s:
        start = max(0, round(kick_s * RATE) - len(entry))
        end = min(samples, start + len(dip))
        if end > start:
            gain[start:end] = np.minimum(gain[start:end], dip[: end - start])
    return gain
