"""How a test card is laid out: its colours, the bands of its circle, and where they lie."""

import colorsys
from dataclasses import dataclass

Colour = tuple[int, int, int]
Band = tuple[float, float]

WHITE, BLACK = (235, 235, 235), (16, 16, 16)
FIELD = (84, 88, 94)
GRID = (170, 172, 176)
CELLS = 12  # Squares of the grid along the shorter side.
CIRCLE = 0.46  # Radius, of the shorter side.
TEXT_SIZE_MIN = 9

# The bands of the circle from top to bottom, in radii from the middle.
NAME = (-1.1, -0.74)  # Past the rim, so that nothing shows between them.
BLOCKS = (-0.74, -0.62)
BARS = (-0.62, -0.12)
CENTRE = (-0.12, 0.12)
PLATE = (0.12, 0.50)
BURST = (0.50, 0.66)
RAMP = (0.66, 0.79)
FOOT = (0.79, 1.1)


@dataclass(frozen=True, slots=True)
class Card:
    """What stands on a card."""

    width: int
    height: int
    prompt: str
    settings: str
    """One line below the prompt."""
    foot: str
    """A few characters at the foot of the circle."""
    fingerprint: bytes
    """Decides the colour of the card."""

    @property
    def radius(self) -> float:
        return min(self.width, self.height) * CIRCLE

    @property
    def accent(self) -> Colour:
        return bright(self.fingerprint[0] / 256)

    def rows(self, band: Band) -> tuple[int, int]:
        """The first row of a band and the first one after it."""
        return round(self.height / 2 + band[0] * self.radius), round(self.height / 2 + band[1] * self.radius)


def bright(hue: float) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue, 0.62, 0.78)
    return round(255 * red), round(255 * green), round(255 * blue)
