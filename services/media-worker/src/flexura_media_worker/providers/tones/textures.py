"""Sounds without notes: rain, sea, wind, fire, an old record, noise."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from flexura_media_worker.providers.tones.sound import RATE, Samples, band, count, decay, low_pass, shaped, sine

Texture = Callable[[int, np.random.Generator], Samples]


def hiss(samples: int, chance: np.random.Generator, low_hz: float, high_hz: float, slope: float = 2.0) -> Samples:
    return levelled(shaped(chance.standard_normal((2, samples), np.float32), band(low_hz, high_hz, slope)))


def levelled(sides: Samples) -> Samples:
    return sides / np.float32(np.sqrt(np.mean(np.square(sides))) + 1e-9)


def wandering(samples: int, chance: np.random.Generator, period_s: float) -> Samples:
    """A slow curve between 0 and 1 that never repeats."""
    points = max(4, int(samples / RATE / period_s) + 4)
    heights = chance.uniform(0, 1, points)
    place = np.arange(samples, dtype=np.float32) / np.float32(RATE * period_s) + np.float32(chance.uniform())
    whole = place.astype(np.int32)
    part = place - whole
    part = part * part * (3 - 2 * part)
    curve = heights[whole] * (1 - part) + heights[whole + 1] * part
    return np.asarray(curve, np.float32)


def scattered(samples: int, chance: np.random.Generator, per_s: float, grains: Sequence[Samples]) -> Samples:
    """Grains at any time, anywhere between left and right, few of them loud."""
    sides = np.zeros((2, samples), np.float32)
    for _ in range(chance.poisson(per_s * samples / RATE)):
        grain = grains[int(chance.integers(len(grains)))]
        start = int(chance.integers(samples))
        place = chance.uniform(0.1, 0.9)
        heard = grain[: samples - start] * np.float32(chance.uniform() ** 3)
        sides[0, start : start + len(heard)] += np.float32(np.cos(place * np.pi / 2)) * heard
        sides[1, start : start + len(heard)] += np.float32(np.sin(place * np.pi / 2)) * heard
    return sides


def rain(samples: int, chance: np.random.Generator) -> Samples:
    drops = [sine(pitch_hz, count(0.02)) * decay(count(0.02), 0.0035) for pitch_hz in chance.uniform(1800, 5500, 12)]
    falling = hiss(samples, chance, 700, 7500) * (np.float32(0.8) + np.float32(0.2) * wandering(samples, chance, 2.0))
    return np.asarray(falling + np.float32(4.0) * scattered(samples, chance, 70, drops), np.float32)


def sea(samples: int, chance: np.random.Generator) -> Samples:
    swell = wandering(samples, chance, 3.2) ** 2
    foam = np.roll(swell, count(0.5)) ** 2
    return hiss(samples, chance, 60, 500) * (np.float32(0.35) + swell) + hiss(samples, chance, 500, 5000) * foam


def wind(samples: int, chance: np.random.Generator) -> Samples:
    low, high = hiss(samples, chance, 120, 320, 3), hiss(samples, chance, 480, 800, 4)
    gust = wandering(samples, chance, 1.7)
    return low * (np.float32(0.3) + gust) + np.float32(0.6) * high * gust**2


def fire(samples: int, chance: np.random.Generator) -> Samples:
    clicks = [shaped(chance.standard_normal(count(0.02), np.float32) * decay(count(0.02), tau_s), band(low_hz, 7000))
              for tau_s, low_hz in ((0.0012, 1500), (0.003, 900), (0.005, 500))]  # fmt: skip
    glow = hiss(samples, chance, 50, 260) * (np.float32(0.6) + np.float32(0.4) * wandering(samples, chance, 0.4))
    return np.float32(0.7) * glow + np.float32(6.0) * scattered(samples, chance, 14, clicks)


def vinyl(samples: int, chance: np.random.Generator) -> Samples:
    ticks = [shaped(chance.standard_normal(count(0.006), np.float32) * decay(count(0.006), 0.0006), band(900, 6000))
             for _ in range(4)]  # fmt: skip
    return np.float32(0.3) * hiss(samples, chance, 300, 5000) + np.float32(9.0) * scattered(samples, chance, 9, ticks)


def noise(samples: int, chance: np.random.Generator) -> Samples:
    return levelled(shaped(chance.standard_normal((2, samples), np.float32), low_pass(900, 1.0)))


TEXTURES: Mapping[str, Texture] = {"rain": rain, "sea": sea, "wind": wind, "fire": fire, "vinyl": vinyl, "noise": noise}
# How loud each is beneath the music.
LEVELS_DB: Mapping[str, float] = {"rain": -15, "sea": -10, "wind": -13, "fire": -14, "vinyl": -22, "noise": -14}
