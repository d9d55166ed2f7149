"""The test card for the ear: a sequence of tones as a WAV file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flexura_media_worker.providers.files import Shape
from flexura_media_worker.providers.testcard.options import CardOptions
from flexura_media_worker.providers.wav import COMMENT, wav

RATE = 48_000
STEP_S = 0.4
FADE_S = 0.03  # A raised cosine: a tone that begins at once is a click.
LEVEL = 10 ** (-18 / 20)  # EBU line-up level, -18 dBFS.
LOWEST_HZ = 220.0
# Two octaves of the pentatonic scale: any order of its tones sounds like a melody.
SCALE = (0, 2, 4, 7, 9, 12, 14, 16, 19, 21, 24)
DETUNE_CENTS = 20.0  # Other seeds sound a little higher or lower, also where they choose the same tones.
OVERTONES = ((1, 1.0), (2, 0.22), (3, 0.08))

Samples = NDArray[np.float64]


def write_audio(path: Path, prompt: str, options: CardOptions, fingerprint: bytes) -> Shape:
    count = max(1, round(options.duration_s * RATE))
    samples = sequence(count, fingerprint)
    facts = f"seed={options.seed} {prompt[:200]}"
    path.write_bytes(wav(np.round(samples * 32767).astype("<i2").tobytes(), RATE, {COMMENT: facts}))
    return Shape(duration_s=count / RATE)


def sequence(count: int, fingerprint: bytes) -> Samples:
    """Tones that walk between left and right, each faded in and out."""
    choose = np.random.default_rng(np.frombuffer(fingerprint, np.uint32))
    detune = 2 ** (choose.uniform(-DETUNE_CENTS, DETUNE_CENTS) / 1200)
    samples = np.zeros((count, 2))
    step = int(STEP_S * RATE)
    for number, start in enumerate(range(0, count, step)):
        length = min(step, count - start)
        semitones = SCALE[int(choose.integers(len(SCALE)))]
        tone = faded(tone_of(LOWEST_HZ * detune * 2 ** (semitones / 12), length))
        samples[start : start + length] = tone[:, None] * LEVEL * panned(number)
    return samples


def tone_of(frequency_hz: float, length: int) -> Samples:
    phase = 2 * np.pi * frequency_hz * np.arange(length) / RATE
    total = sum(share for _, share in OVERTONES)
    mixed: Samples = np.sum([share * np.sin(order * phase) for order, share in OVERTONES], axis=0) / total
    return mixed


def faded(tone: Samples) -> Samples:
    fade = min(int(FADE_S * RATE), len(tone) // 2)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / max(1, fade))
    envelope = np.ones(len(tone))
    envelope[:fade] = rise
    envelope[len(tone) - fade :] = rise[::-1]
    return tone * envelope


def panned(number: int) -> Samples:
    """Left, middle, right, middle, at equal power."""
    angle = (0.15, 0.5, 0.85, 0.5)[number % 4] * np.pi / 2
    return np.array([np.cos(angle), np.sin(angle)])
