"""What a film draws anew in every frame, kept apart from the rest of a scene: sky and water."""

from dataclasses import dataclass

from flexura_media_worker.providers.canvas.canvas import Canvas, Sheet

RED, BLUE = 0, 2


@dataclass(frozen=True, slots=True)
class Sky:
    horizon: float
    sun_at: float
    """As a share of the width."""
    clouds: float


@dataclass(slots=True)
class Plate:
    """Leaves the sky black.

    Where it is marked, the sky is red and the water is bluer by one. All that a scene lays over them lets through some
    of what is below, so that the marked picture less the other says how much of both is seen at each place.
    """

    is_marked: bool = False
    sky: Sky | None = None
    swell: float = 0.0
    """How far the water moves, in units of the picture's height."""

    def leave_sky(self, canvas: Canvas, sky: Sky, bottom: float) -> None:
        self.sky = sky
        canvas.pixels[: canvas.rows(0, bottom)[1]] = (float(self.is_marked), 0.0, 0.0)

    def mark_water(self, canvas: Canvas, where: slice | Sheet, swell: float) -> None:
        self.swell = max(self.swell, swell)
        if not self.is_marked:
            return
        if isinstance(where, slice):
            canvas.pixels[where, :, BLUE] += 1
        else:
            canvas.under(where)[:, :, BLUE] += where.pixels()[:, :, 3]
