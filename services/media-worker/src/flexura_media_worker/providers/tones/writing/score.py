"""A piece on paper: bars, chords and notes in time."""

import math
from dataclasses import dataclass
from enum import IntEnum

from flexura_media_worker.providers.tones.brief import Brief, Role
from flexura_media_worker.providers.tones.manners import Manner

LEAD_IN_S = 0.03  # Before the first note, so that the fade does not take its attack.
ENDING_S = 1.4  # The least time that the last chord has to ring.
STRETCH_MAX = 0.06
PHRASE_BARS = 4
FORM = "AABA"
INTRO_FROM_BARS = 7  # A shorter piece has no time to wait for its melody.


@dataclass(frozen=True, slots=True)
class Note:
    start_s: float
    length_s: float
    pitch: int
    """As in MIDI: 60 is middle C, and drums have a number each."""
    velocity: float


@dataclass(frozen=True, slots=True)
class Part:
    role: Role
    instrument: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Chord:
    start: float
    """In beats, as all times of the form."""
    length: float
    root: int
    """A pitch class, like the next two."""
    tones: tuple[int, ...]
    scale: tuple[int, ...]
    voicing: tuple[int, ...] = ()
    """Pitches, low to high."""


@dataclass(frozen=True, slots=True)
class Bar:
    number: int
    start: float
    length: float
    phrase: str
    """The letter of the phrase it belongs to."""
    place: int
    """In its phrase, from 0."""
    is_intro: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class Form:
    """The bars up to the last chord, and how beats become seconds."""

    bars: tuple[Bar, ...]
    body_beats: float
    ending_beats: float
    beat_s: float
    swing: float

    def seconds(self, beat: float) -> float:
        whole, part = divmod(beat, 1.0)
        late = part * 2 * self.swing if part <= 1 / 2 else self.swing + (part - 0.5) * 2 * (1 - self.swing)
        return LEAD_IN_S + (whole + late) * self.beat_s


def formed(brief: Brief, manner: Manner, duration_s: float) -> Form:
    beat_s = 60 / brief.tempo_bpm
    room_s = max(0.0, duration_s - LEAD_IN_S - min(ENDING_S, duration_s / 3))
    beats = whole_beats(room_s / beat_s, manner.beats)
    if not brief.tempo_is_exact:
        # A little slower rather than a long wait after the end, a little faster for one bar more.
        longer = whole_beats(room_s / beat_s * (1 + STRETCH_MAX), manner.beats)
        beats = max(beats, longer)
        if beats:
            fitting_s = room_s / beats
            beat_s = min(max(fitting_s, beat_s / (1 + STRETCH_MAX)), beat_s * (1 + STRETCH_MAX))
    ending_beats = max(0.5, (duration_s - LEAD_IN_S) / beat_s - beats)
    return Form(bars_of(beats, manner.beats), beats, ending_beats, beat_s, manner.swing)


def whole_beats(beats: float, bar: int) -> int:
    """In bars, or where there is no time for one in beats."""
    return math.floor(beats / bar + 1e-9) * bar or math.floor(beats)


def bars_of(beats: int, bar: int) -> tuple[Bar, ...]:
    count = math.ceil(beats / bar)
    intro = min(PHRASE_BARS, count // 6 + 1) if count >= INTRO_FROM_BARS else 0
    return tuple(
        Bar(
            number=number,
            start=float(number * bar),
            length=float(min(bar, beats - number * bar)),
            phrase=FORM[max(0, number - intro) // PHRASE_BARS % len(FORM)],
            place=max(0, number - intro) % PHRASE_BARS if number >= intro else number % PHRASE_BARS,
            is_intro=number < intro,
            is_last=number == count - 1,
        )
        for number in range(count)
    )


class Drum(IntEnum):
    """The drums by their numbers in General MIDI."""

    KICK = 36
    SNARE = 38
    CLAP = 39
    HAT = 42
    TAIKO = 41
    OPEN_HAT = 46
    CRASH = 49
    RIDE = 51
    SHAKER = 70
    BRUSH = 40
    HEART = 35
