"""What a film is to be: a picture, how the camera goes over it, how fast, and what is heard."""

from dataclasses import dataclass
from enum import StrEnum

from flexura_media_worker.providers.canvas.brief import Brief as Picture


class Move(StrEnum):
    """What the camera does."""

    IN = "zooms in"
    OUT = "zooms out"
    LEFT = "pans left"
    RIGHT = "pans right"
    STILL = "stands still"


@dataclass(frozen=True, slots=True)
class Brief:
    picture: Picture
    move: Move
    speed: float
    """Of all that moves; 1 as in life."""
    music: str
    """A prompt for the music."""
