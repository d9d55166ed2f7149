"""Fields and lines of chance that look like clouds, ground and ridges."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]
Rng = np.random.Generator


def fractal(rng: Rng, height: int, width: int, cells: float, octaves: int = 4, stretch: float = 1.0) -> Field:
    """A field from 0 to 1 with `cells` bumps from top to bottom, `stretch` times as wide as high."""
    field = np.zeros((height, width), np.float32)
    across = cells * width / height / stretch
    for octave in range(octaves):
        size = (round(across * 2**octave) + 2, round(cells * 2**octave) + 2)
        if octave and size[0] > width and size[1] > height:
            break
        grid = Image.fromarray(rng.random(size[::-1], dtype=np.float32))
        field += np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC)) * 0.5**octave
    low, high = float(field.min()), float(field.max())
    return (field - low) / max(high - low, 1e-6)


def ridge(rng: Rng, count: int, bumps: float, octaves: int = 6, roughness: float = 0.5) -> NDArray[np.float64]:
    """A line from 0 to 1 along `count` places."""
    places = np.arange(count) / max(1, count - 1)
    line = np.zeros(count)
    for octave in range(octaves):
        knots = max(2, round(bumps * 2**octave)) + 1
        line += np.interp(places * (knots - 1), np.arange(knots), rng.random(knots)) * roughness**octave
    line -= line.min()
    return line / max(float(line.max()), 1e-6)


def lit_side(field: Field, step: int, axis: int, strength: float = 5.0) -> Field:
    """How much of the light of one side each place of an uneven surface has, from 0 to 1."""
    before = np.roll(field, max(1, step), axis)
    edge = [slice(None), slice(None)]
    edge[axis] = slice(0, max(1, step))
    before[tuple(edge)] = field[tuple(edge)]
    lit: Field = np.clip((field - before) * np.float32(strength) + np.float32(0.5), 0, 1)
    return lit
