"""Chords: a progression for each phrase, and voices that move as little as they can."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from flexura_media_worker.providers.tones.brief import Brief, Mood
from flexura_media_worker.providers.tones.manners import Manner
from flexura_media_worker.providers.tones.scales import SCALES, TEMPERS
from flexura_media_worker.providers.tones.writing.score import Bar, Chord, Form

CHORDS_MIN = 4  # Before the last one; a short piece changes them sooner.
TONIC, SUBDOMINANT, DOMINANT = 0, 3, 4
CENTRE = 60
TRITONE = 6
GRIM = frozenset({Mood.DARK, Mood.TENSE})  # Moods that bear a diminished chord.
CENTRE_PULL = 0.35
MODAL = frozenset({"phrygian", "dorian", "mixolydian", "blues"})  # Whose endings want no dominant.


def harmonised(brief: Brief, manner: Manner, form: Form, chance: np.random.Generator) -> tuple[Chord, ...]:
    """The chords of the body, and the last one."""
    slot = slot_beats(manner, form)
    choices = manner.progressions or TEMPERS[brief.mood].progressions
    order = chance.permutation(len(choices))
    progressions = {"A": choices[order[0]], "B": choices[order[-1]]}
    chords: list[Chord] = []
    for bar in form.bars:
        starts = [float(start) for start in np.arange(bar.start, bar.start + bar.length, slot) if start % slot == 0]
        chords += [chord_of(brief, manner, progressions[bar.phrase], start, slot, bar) for start in starts]
    chords = cadenced(brief, manner, chords)
    # Holds the last chord of the body to its end, where chords are longer than bars.
    ends = [chord.start for chord in chords[1:]] + [form.body_beats]
    chords = [replace(chord, length=end - chord.start) for chord, end in zip(chords, ends, strict=False)]
    last = built(brief, TONIC, sevenths=manner.sevenths)
    return led([*chords, replace(last, start=float(form.body_beats), length=form.ending_beats)])


def slot_beats(manner: Manner, form: Form) -> float:
    slot = float(manner.chord_beats)
    while slot > manner.beats / 2 and form.body_beats / slot < CHORDS_MIN - 1:
        slot /= 2
    return slot


def chord_of(brief: Brief, manner: Manner, progression: tuple[int, ...], start: float, slot: float, bar: Bar) -> Chord:
    since = bar.place * manner.beats + start - bar.start
    degree = progression[int(since / slot) % len(progression)]
    return replace(built(brief, degree, sevenths=manner.sevenths), start=start)


def cadenced(brief: Brief, manner: Manner, chords: list[Chord]) -> list[Chord]:
    """Leads the last of several chords to the tonic."""
    if len(chords) <= 1 or manner.bass == "drone" or manner.pumps:
        return chords
    degree = SUBDOMINANT if brief.scale in MODAL else DOMINANT
    return [*chords[:-1], replace(built(brief, degree, sevenths=manner.sevenths), start=chords[-1].start)]


def built(brief: Brief, degree: int, *, sevenths: bool) -> Chord:
    scale = SCALES[brief.scale]
    if not sevenths and brief.mood not in GRIM and is_diminished(scale.degrees, degree):
        degree = (degree - 2) % 7  # The chord that shares two of its tones.
    steps = (0, 2, 4, 6) if sevenths else (0, 2, 4)
    tones = [scale.degrees[(degree + step) % 7] for step in steps]
    melodic = scale.melodic
    if degree == DOMINANT and scale.leads_by_semitone:
        tones = [11 if tone == 10 else tone for tone in tones]  # noqa: PLR2004  (semitones: the leading note)
        melodic = tuple(11 if tone == 10 else tone for tone in melodic)  # noqa: PLR2004
    shifted = [(brief.tonic + tone) % 12 for tone in tones]
    return Chord(0.0, 0.0, shifted[0], tuple(shifted), tuple((brief.tonic + tone) % 12 for tone in melodic))


def is_diminished(degrees: tuple[int, ...], degree: int) -> bool:
    return (degrees[(degree + 4) % 7] - degrees[degree]) % 12 == TRITONE and degree != DOMINANT


def led(chords: list[Chord]) -> tuple[Chord, ...]:
    """Gives each chord the voicing nearest to the one before."""
    voiced: list[Chord] = []
    before: tuple[int, ...] = ()
    for chord in chords:
        before = min(voicings(chord.tones), key=lambda voicing, last=before: distance(voicing, last))  # type: ignore[misc]
        voiced.append(replace(chord, voicing=before))
    return tuple(voiced)


def voicings(tones: tuple[int, ...]) -> list[tuple[int, ...]]:
    found = []
    for turn in range(len(tones)):
        rotated = tones[turn:] + tones[:turn]
        for octave in (36, 48, 60):
            voices = [octave + rotated[0]]
            for tone in rotated[1:]:
                voices.append(voices[-1] + ((tone - voices[-1]) % 12 or 12))
            found.append(tuple(voices))
    return found


def distance(voicing: tuple[int, ...], before: tuple[int, ...]) -> float:
    moved = sum(abs(a - b) for a, b in zip(voicing, before, strict=False))
    narrow = sum(1 for low, high in pairwise(voicing) if high - low == 1)
    return moved + 2 * narrow + CENTRE_PULL * abs(sum(voicing) / len(voicing) - CENTRE) * len(voicing)
