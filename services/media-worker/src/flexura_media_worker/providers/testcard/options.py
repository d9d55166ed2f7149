"""The options of a test card, read from the effective options of the job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SIZE_MIN, SIZE_MAX = 64, 2048


@dataclass(frozen=True, slots=True)
class CardOptions:
    """What to draw, in effect; what is missing has the default of the catalog."""

    width: int
    height: int
    steps: int
    seed: int
    duration_s: float
    fps: int
    take_s: float
    fail: str
    payload_bytes: int


def read_options(options: Mapping[str, Any], *, width: int, height: int) -> CardOptions:
    return CardOptions(
        width=clamped(options.get("width", width)),
        height=clamped(options.get("height", height)),
        steps=int(options.get("steps", 4)),
        seed=int(options.get("seed", 0)),
        duration_s=float(options.get("duration_s", 4.0)),
        fps=int(options.get("fps", 24)),
        take_s=float(options.get("take_s", 0.0)),
        fail=str(options.get("fail") or ""),
        payload_bytes=int(options.get("payload_bytes", 0)),
    )


def clamped(size: float) -> int:
    return max(SIZE_MIN, min(SIZE_MAX, int(size)))
