"""A drum kit: falling sines and shaped noise; and that of a game console, which has noise alone."""

from collections.abc import Callable, Mapping

import numpy as np

from flexura_media_worker.providers.tones.sound import SINE, Samples, band, bent, count, decay, fade, shaped, sine, wave
from flexura_media_worker.providers.tones.writing.score import Drum

Stroke = Callable[[float], Samples]


def drums(pitch: int, _length_s: float, force: float) -> Samples:
    return KIT[Drum(pitch)](force)


def chip_drums(pitch: int, _length_s: float, force: float) -> Samples:
    if pitch == Drum.KICK:
        return falling(180, 45, 0.05, 0.12)
    length_s = 0.05 if pitch == Drum.HAT else 0.16
    noise = np.repeat(np.random.default_rng(pitch).choice((-1.0, 1.0), count(length_s) // 6 + 1), 6)[: count(length_s)]
    return (np.float32(0.3 * force) * noise.astype(np.float32) * decay(count(length_s), length_s / 4))[None]


def falling(from_hz: float, to_hz: float, fall_s: float, ring_s: float) -> Samples:
    samples = count(ring_s * 5)
    course = to_hz + (from_hz - to_hz) * decay(samples, fall_s)
    at = bent(1.0, np.cumsum(course, dtype=np.float64))
    return (wave(SINE, at) * decay(samples, ring_s) * fade(samples, 0.0015, 0.02))[None]


def noise(low_hz: float, high_hz: float, ring_s: float, slope: float = 4.0) -> Samples:
    samples = count(ring_s * 6)
    raw = np.random.default_rng([int(low_hz), samples]).standard_normal((2, samples), np.float32)
    # Half of it is the same on both sides: a drum stands somewhere.
    raw = raw + raw.mean(axis=0)
    return shaped(raw, band(low_hz, high_hz, slope)) * decay(samples, ring_s) * fade(samples, 0.001, 0.01)


def layered(*layers: Samples) -> Samples:
    sides = np.zeros((2, max(layer.shape[-1] for layer in layers)), np.float32)
    for layer in layers:
        sides[:, : layer.shape[-1]] += layer
    return sides


def kick(force: float) -> Samples:
    click = np.float32(0.12 * force) * noise(1500, 6000, 0.004)
    return layered(np.float32(1.5) * falling(150, 48, 0.028, 0.13), click)


def snare(force: float) -> Samples:
    rattle = np.float32(0.36 + 0.4 * force) * noise(1200, 8000, 0.06, 2)
    return layered(np.float32(0.75) * falling(260, 185, 0.02, 0.05), rattle)


def clap(_force: float) -> Samples:
    burst = np.float32(0.95) * noise(900, 3800, 0.05)
    single = np.float32(0.8) * noise(900, 3800, 0.006)
    sides = np.zeros((2, count(0.026) + burst.shape[1]), np.float32)
    for late_s, layer in ((0.0, single), (0.011, single), (0.023, burst)):
        start = count(late_s)
        sides[:, start : start + layer.shape[1]] += layer
    return sides


def crash(_force: float) -> Samples:
    return layered(np.float32(0.2) * noise(3500, 13_000, 0.34, 2), metal(0.3, 0.03))


def ride(force: float) -> Samples:
    return layered(np.float32(0.12) * noise(5500, 12_000, 0.12, 3), metal(0.16, 0.05 * force))


def metal(ring_s: float, level: float) -> Samples:
    samples = count(ring_s * 5)
    tones = [sine(frequency_hz, samples) for frequency_hz in (3187.0, 4213.0, 5398.0, 6841.0, 8123.0)]
    sound = np.float32(level) * np.sum(tones, axis=0) * decay(samples, ring_s) * fade(samples, 0.001, 0.02)
    return np.asarray(sound, np.float32)[None]


def taiko(force: float) -> Samples:
    skin = np.float32(0.3 * force) * noise(200, 1600, 0.035, 2)
    return layered(np.float32(1.4) * falling(120, 58, 0.05, 0.26), np.float32(0.4) * falling(210, 110, 0.04, 0.1), skin)


KIT: Mapping[Drum, Stroke] = {
    Drum.KICK: kick,
    Drum.SNARE: snare,
    Drum.CLAP: clap,
    Drum.HAT: lambda force: np.float32(0.36) * noise(7000 - 1000 * force, 14_000, 0.018),
    Drum.OPEN_HAT: lambda _: np.float32(0.28) * noise(6500, 14_000, 0.075),
    Drum.SHAKER: lambda _: np.float32(0.22) * noise(5200, 11_000, 0.024, 3),
    Drum.BRUSH: lambda _: np.float32(0.22) * noise(1800, 7000, 0.06, 2),
    Drum.CRASH: crash,
    Drum.RIDE: ride,
    Drum.TAIKO: taiko,
    Drum.HEART: lambda _: falling(80, 46, 0.04, 0.17),
}
