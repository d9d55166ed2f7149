"""Scales, and the moods that call for them."""

from collections.abc import Mapping
from dataclasses import dataclass

from flexura_media_worker.providers.tones.brief import Mood

TONICS = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
DORIAN = (0, 2, 3, 5, 7, 9, 10)
MIXOLYDIAN = (0, 2, 4, 5, 7, 9, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """In semitones above the tonic: the seven degrees that chords are built of, and what melodies use of them."""

    degrees: tuple[int, ...]
    melodic: tuple[int, ...]
    leads_by_semitone: bool = False
    """Whether its dominant chord borrows the leading note of harmonic minor."""


SCALES = {
    "major": Scale(MAJOR, MAJOR),
    "minor": Scale(MINOR, MINOR, leads_by_semitone=True),
    "natural minor": Scale(MINOR, MINOR),
    "harmonic minor": Scale(MINOR, (0, 2, 3, 5, 7, 8, 11), leads_by_semitone=True),
    "dorian": Scale(DORIAN, DORIAN),
    "phrygian": Scale((0, 1, 3, 5, 7, 8, 10), (0, 1, 3, 5, 7, 8, 10)),
    "lydian": Scale((0, 2, 4, 6, 7, 9, 11), (0, 2, 4, 6, 7, 9, 11)),
    "mixolydian": Scale(MIXOLYDIAN, MIXOLYDIAN),
    "major pentatonic": Scale(MAJOR, (0, 2, 4, 7, 9)),
    "minor pentatonic": Scale(MINOR, (0, 3, 5, 7, 10)),
    "blues": Scale(MIXOLYDIAN, (0, 3, 5, 6, 7, 10)),
}

Progressions = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Temper:
    """What a mood makes of a piece. Degrees of chords count from 0."""

    scales: tuple[str, ...]
    progressions: Progressions
    tempo: float = 1.0
    """Times the tempo of the genre."""


TEMPERS: Mapping[Mood, Temper] = {
    Mood.CALM: Temper(("major", "major pentatonic"), ((0, 3, 0, 4), (0, 5, 3, 4), (3, 0, 5, 4)), 0.95),
    Mood.HAPPY: Temper(("major", "major pentatonic"), ((0, 4, 5, 3), (0, 3, 4, 0), (0, 5, 3, 4)), 1.05),
    Mood.SAD: Temper(("minor",), ((0, 5, 2, 6), (0, 3, 5, 4), (0, 5, 3, 4)), 0.86),
    Mood.DARK: Temper(("phrygian", "natural minor"), ((0, 5, 0, 1), (0, 1, 0, 6), (0, 5, 3, 6)), 0.9),
    Mood.EPIC: Temper(("minor",), ((0, 5, 2, 6), (0, 2, 5, 6), (0, 5, 3, 4))),
    Mood.TENSE: Temper(("harmonic minor", "phrygian"), ((0, 1, 0, 4), (0, 5, 0, 4), (0, 3, 1, 4)), 1.1),
    Mood.DREAMY: Temper(("lydian", "major"), ((0, 1, 0, 4), (0, 1, 5, 4), (0, 4, 1, 5)), 0.95),
    Mood.ROMANTIC: Temper(("major",), ((0, 5, 1, 4), (0, 2, 3, 4), (3, 4, 2, 5)), 0.9),
    Mood.ENERGETIC: Temper(("natural minor", "mixolydian", "dorian"), ((0, 6, 3, 0), (0, 5, 6, 0), (0, 2, 6, 3)), 1.1),
    Mood.MYSTERIOUS: Temper(("dorian", "phrygian"), ((0, 3, 0, 1), (0, 1, 3, 0), (0, 5, 1, 0)), 0.95),
}
