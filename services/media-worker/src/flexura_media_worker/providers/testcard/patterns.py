"""The measuring patterns of a test card, as arrays of the size asked for."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]

# EBU bars, 100/0/75/0: white at full level, the colours at three quarters.
BARS = (
    (255, 255, 255),
    (191, 191, 0),
    (0, 191, 191),
    (0, 191, 0),
    (191, 0, 191),
    (191, 0, 0),
    (0, 0, 191),
    (16, 16, 16),
)
RAMP_STEPS = 11  # 0 to 100 % in steps of 10.
BURST_PERIODS = (16, 10, 8, 6, 4, 3, 2)  # Pixels for a pair of lines; 2 is all that a raster can show.
STAR_SPOKES = 24
WEDGE_LINES = 9


def colour_bars(width: int, height: int) -> Pixels:
    return np.broadcast_to(np.array(BARS, np.uint8)[steps(width, len(BARS))], (height, width, 3)).copy()


def grey_ramp(width: int, height: int) -> Pixels:
    levels = np.round(np.linspace(0, 255, RAMP_STEPS)).astype(np.uint8)
    return grey(np.broadcast_to(levels[steps(width, RAMP_STEPS)], (height, width)))


def multiburst(width: int, height: int) -> Pixels:
    """Bursts of finer and finer lines, each with a strip of mid-grey before it."""
    burst = steps(width, len(BURST_PERIODS))
    starts = np.searchsorted(burst, np.arange(len(BURST_PERIODS)))
    inside = np.arange(width) - starts[burst]
    period = np.array(BURST_PERIODS)[burst]
    # A cosine, so that the finest burst falls on the pixels and not between them.
    wave = 127.5 + 127.5 * np.cos(2 * np.pi * inside / period)
    length = np.bincount(burst, minlength=len(BURST_PERIODS))[burst]
    margin = np.maximum(1, length // 12)
    line = np.where((inside < margin) | (inside >= length - margin), 127.5, wave)
    return grey(np.broadcast_to(np.round(line).astype(np.uint8), (height, width)))


def blocks(width: int, height: int, count: int, phase: float = 0.0) -> Pixels:
    """White and black blocks, moved to the left by `phase` pairs."""
    position = np.arange(width) * count / max(1, width) + 2 * phase
    return grey(np.broadcast_to(np.where(position.astype(int) % 2 == 0, 235, 16).astype(np.uint8), (height, width)))


def wedge(width: int, height: int) -> Pixels:
    """Lines that run together from left to right, down to two pixels for a pair where there is room."""
    y = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None]
    narrow = min(1.0, 2.0 * WEDGE_LINES / max(1, height))
    half = (height / 2) * np.linspace(1.0, max(0.18, narrow), width, dtype=np.float32)[None, :]
    wave = np.cos(np.pi * WEDGE_LINES * y / half)
    slope = np.pi * WEDGE_LINES / half  # Radians for one pixel: sharp edges without stairs.
    level = np.where(np.abs(y) <= half, np.clip(0.5 + wave / slope, 0, 1), 0)
    return grey((16 + 219 * level).astype(np.uint8))


def star(size: int) -> Pixels:
    """A Siemens star: what it blurs to in the middle tells the resolution in every direction."""
    axis = np.arange(size, dtype=np.float32) - (size - 1) / 2
    x, y = axis[None, :], axis[:, None]
    radius = np.maximum(np.hypot(x, y), 0.5)
    wave = np.sin(STAR_SPOKES * np.arctan2(y, x))
    level = np.clip(0.5 + wave * radius / STAR_SPOKES, 0, 1)
    return grey((16 + 219 * level).astype(np.uint8))


def disc(width: int, height: int, radius: float) -> Field:
    """How much of each pixel lies in a circle around the middle, 0 to 1."""
    x = (np.arange(width, dtype=np.float32) - (width - 1) / 2)[None, :]
    y = (np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None]
    covered: Field = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    return covered


def steps(width: int, count: int) -> NDArray[np.intp]:
    """Which of `count` equal parts each column lies in."""
    return np.arange(width) * count // max(1, width)


def grey(levels: NDArray[np.uint8]) -> Pixels:
    return np.repeat(levels[:, :, None], 3, axis=2)
