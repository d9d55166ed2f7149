"""From what a piece is to be to the notes of each of its parts."""

from itertools import groupby

import numpy as np

from flexura_media_worker.providers.tones.brief import Brief, Role, Seat
from flexura_media_worker.providers.tones.instruments import INSTRUMENTS
from flexura_media_worker.providers.tones.manners import MANNERS, Manner
from flexura_media_worker.providers.tones.writing.accompaniment import COMPS, accompanied, grounded, held
from flexura_media_worker.providers.tones.writing.drumming import drummed
from flexura_media_worker.providers.tones.writing.harmony import harmonised
from flexura_media_worker.providers.tones.writing.melody import Tone, sung
from flexura_media_worker.providers.tones.writing.score import Chord, Form, Note, Part, formed

BASS_CENTRE = 37
DRONE_CENTRE = 36
VELOCITY_DEVIATION = 0.05
STRUM_S = 0.012  # Between the notes of a chord that is plucked or struck.
STRUMMED = frozenset({"piano", "guitar", "keys"})


def compose(brief: Brief, duration_s: float, chance: np.random.Generator) -> tuple[Part, ...]:
    manner = MANNERS[brief.genre]
    # One source of chance for each task: what one of them draws changes nothing for the others.
    for_harmony, for_melody, for_drums, for_hands = chance.spawn(4)
    form = formed(brief, manner, duration_s)
    chords = harmonised(brief, manner, form, for_harmony)
    parts = []
    for seat in brief.seats:
        if seat.role is Role.DRUMS:
            strokes = [Tone(beat, 0.0, drum, force) for beat, drum, force in drummed(form, manner.drums, for_drums)]
            parts.append(performed(seat, form, manner, strokes, for_hands))
        else:
            tones = written(seat, form, chords, manner, for_melody)
            parts.append(performed(seat, form, manner, arranged(seat.role, form, manner, tones), for_hands))
    return tuple(part for part in parts if part.notes)


def written(
    seat: Seat, form: Form, chords: tuple[Chord, ...], manner: Manner, chance: np.random.Generator
) -> list[Tone]:
    if seat.role is Role.PAD:
        return held(chords)
    if seat.role is Role.COMP:
        return accompanied(form, chords, manner.comp)
    if seat.role is Role.BASS:
        centre = DRONE_CENTRE if seat.instrument == "drone" else BASS_CENTRE
        return grounded(form, chords, manner.bass, centre)
    return sung(form, chords, manner.melody, INSTRUMENTS[seat.instrument].centre, chance)


def arranged(role: Role, form: Form, manner: Manner, tones: list[Tone]) -> list[Tone]:
    """The bass waits for the second half of an introduction, where the accompaniment can stand alone."""
    intro = [bar for bar in form.bars if bar.is_intro]
    if role is not Role.BASS or len(tones) == 1 or not intro or COMPS[manner.comp].length:
        return tones
    entry = intro[len(intro) // 2].start
    return [tone for tone in tones if tone.start >= entry]


def performed(seat: Seat, form: Form, manner: Manner, tones: list[Tone], chance: np.random.Generator) -> Part:
    """The notes as hands play them: not all at once, not all alike."""
    notes = []
    strum_s = STRUM_S if seat.instrument in STRUMMED and manner.looseness_s else 0.0
    for start, chord in groupby(sorted(tones, key=lambda tone: (tone.start, tone.pitch)), lambda tone: tone.start):
        late_s = chance.normal(0.0, manner.looseness_s) if manner.looseness_s else 0.0
        for place, tone in enumerate(chord):
            velocity = tone.stress * dynamics(form, start, manner.growth) * (1 + chance.normal(0.0, VELOCITY_DEVIATION))
            at_s = max(0.0, form.seconds(start) + late_s + place * strum_s)
            length_s = form.seconds(tone.start + tone.length) - form.seconds(tone.start)
            notes.append(Note(at_s, length_s, tone.pitch, float(np.clip(velocity, 0.1, 1.0))))
    return Part(seat.role, seat.instrument, tuple(notes))


def dynamics(form: Form, beat: float, growth: float) -> float:
    """Swells through each phrase, and through the piece."""
    bar = next((bar for bar in reversed(form.bars) if bar.start <= beat), None)
    if bar is None or beat >= form.body_beats:
        return 0.95
    if bar.is_intro:
        return 0.86 - growth
    return 0.88 - growth + 0.04 * bar.place + growth * beat / form.body_beats
