"""How much work a job is, by what its options ask for, and how long so much work takes on a model."""

from collections.abc import Callable, Sequence
from itertools import combinations
from statistics import median
from typing import Any, NamedTuple

import orjson

from flexura_jobs.domain.jobs import MediaType

APART = 1.3  # Two sizes tell how time grows with size only where one is so many times the other.

Estimate = Callable[["Units"], float]
"""Answers milliseconds."""


class Units(NamedTuple):
    """The size of a job: pixels of all frames, or seconds of sound; by itself, and times the steps of the work."""

    plain: float
    stepped: float


class Work(NamedTuple):
    """A job that was completed: its size and what it took."""

    units: Units
    took_ms: float


def units_of(media_type: MediaType, options_json: str) -> Units:
    options = orjson.loads(options_json or "{}")
    if media_type is MediaType.AUDIO:
        plain = number(options, "duration_s", 10.0)
    else:
        plain = number(options, "width", 1024.0) * number(options, "height", 1024.0)
    if media_type is MediaType.VIDEO:
        plain *= number(options, "duration_s", 4.0) * number(options, "fps", 24.0)
    return Units(plain, plain * number(options, "steps", 1.0))


def number(options: Any, name: str, default: float) -> float:
    value = options.get(name, default) if isinstance(options, dict) else default
    is_size = isinstance(value, int | float) and value > 0
    return float(value) if is_size else default


def estimate_of(works: Sequence[Work]) -> Estimate | None:
    """Learns from what was completed lately; None where that was nothing.

    Whether steps make the work longer differs between models, so both are tried and the one that fits is taken.
    """
    if not works:
        return None
    lines = [line_of([(work.units[kind], work.took_ms) for work in works]) for kind in range(len(Units._fields))]
    errors = [
        median(abs(work.took_ms - (base + slope * work.units[kind])) / max(work.took_ms, 1.0) for work in works)
        for kind, (base, slope) in enumerate(lines)
    ]
    best = errors.index(min(errors))
    base, slope = lines[best]
    return lambda units: base + slope * units[best]


def line_of(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """A line through the points by medians (Theil and Sen), so that one odd job says nothing; it never falls.

    Where all sizes are alike nothing tells how time grows, and it is taken to grow in proportion.
    """
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for earlier, later in combinations(sorted(points), 2)
        if later[0] > earlier[0] * APART
    ]
    if not slopes:
        return 0.0, median(took_ms / units for units, took_ms in points)
    slope = max(0.0, median(slopes))
    return max(0.0, median(took_ms - slope * units for units, took_ms in points)), slope
