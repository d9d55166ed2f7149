"""What a piece is to be, as far as a prompt says it and chance fills in."""

from dataclasses import dataclass
from enum import StrEnum


class Mood(StrEnum):
    CALM = "calm"
    HAPPY = "happy"
    SAD = "sad"
    DARK = "dark"
    EPIC = "epic"
    TENSE = "tense"
    DREAMY = "dreamy"
    ROMANTIC = "romantic"
    ENERGETIC = "energetic"
    MYSTERIOUS = "mysterious"


class Role(StrEnum):
    """What an instrument does in a piece."""

    PAD = "pad"
    """Holds the chords."""
    COMP = "accompaniment"
    """Breaks or strikes the chords in a rhythm."""
    LEAD = "lead"
    BASS = "bass"
    DRUMS = "drums"


@dataclass(frozen=True, slots=True)
class Seat:
    """An instrument and its role."""

    role: Role
    instrument: str


@dataclass(frozen=True, slots=True)
class Brief:
    mood: Mood
    genre: str
    tempo_bpm: float
    tonic: int
    """Semitones above C."""
    scale: str
    seats: tuple[Seat, ...]
    textures: tuple[str, ...] = ()
    tempo_is_exact: bool = False
    """Said in the prompt; otherwise it may give way a little for the piece to fit its length."""
