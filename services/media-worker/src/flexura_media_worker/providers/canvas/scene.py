"""What those who draw a scene have before them."""

from dataclasses import dataclass, field

import numpy as np

from flexura_media_worker.providers.canvas.brief import Brief
from flexura_media_worker.providers.canvas.canvas import Canvas
from flexura_media_worker.providers.canvas.light import Light
from flexura_media_worker.providers.canvas.words import COLOURS


@dataclass(frozen=True, slots=True)
class Scene:
    canvas: Canvas
    brief: Brief
    light: Light
    rng: np.random.Generator
    detail: float
    """From 0 to 1, how finely it is worked out."""

    def leading(self, *otherwise: tuple[float, float, float]) -> list[tuple[float, float, float]]:
        """The colours that the prompt names, or others."""
        return [COLOURS[name] for name in self.brief.palette] or list(otherwise)

    def many(self, count: float) -> int:
        """That many things at full detail, half of them at none."""
        return max(1, round(count * (0.5 + 0.5 * self.detail)))


@dataclass(frozen=True, slots=True)
class Stage:
    """Where figures stand or float, in units of the picture's height."""

    ground: float
    size: float
    middle: float | None = None
    """Across; None for the middle of the picture."""
    places: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    """Figures that have a place of their own: across as a share of the width, ground, size."""
