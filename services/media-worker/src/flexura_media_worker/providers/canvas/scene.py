"""What those who draw a scene have before them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from flexura_media_worker.providers.canvas.brief import Brief
from flexura_media_worker.providers.canvas.canvas import Canvas, Sheet
from flexura_media_worker.providers.canvas.light import Light
from flexura_media_worker.providers.canvas.plate import Plate
from flexura_media_worker.providers.canvas.words import COLOURS


@dataclass(frozen=True, slots=True)
class Scene:
    canvas: Canvas
    brief: Brief
    light: Light
    rng: np.random.Generator
    detail: float
    """From 0 to 1, how finely it is worked out."""
    time_s: float = 0.0
    """Of a film; a picture is its first moment."""
    plate: Plate | None = None
    """Of a film, what is not drawn with the rest."""

    def leading(self, *otherwise: tuple[float, float, float]) -> list[tuple[float, float, float]]:
        """The colours that the prompt names, or others."""
        return [COLOURS[name] for name in self.brief.palette] or list(otherwise)

    def mark_water(self, where: slice | Sheet, swell: float) -> None:
        """Says what moves as water does: rows, or what is on a sheet; and how far, in heights of the picture."""
        if self.plate is not None:
            self.plate.mark_water(self.canvas, where, swell)

    def swing(self, period_s: float, phase: float = 0.0) -> float:
        """From -1 to 1 and back again and again; in a picture, at rest in the middle."""
        return math.sin(2 * math.pi * (self.time_s / period_s + phase))

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
    light: Light | None = None
    """In which figures stand, where it is not that of the scene."""
    draw_alive: Callable[[Scene], None] | None = None
    """Draws what moves in the scene by itself."""
