"""What stands beneath a melody: held chords, figures of the accompaniment, bass lines."""

from collections.abc import Mapping
from dataclasses import dataclass

from flexura_media_worker.providers.tones.writing.melody import Tone, along, nearest, sounding
from flexura_media_worker.providers.tones.writing.score import Chord, Form

OVERLAP = 0.12  # Beats by which a held chord reaches into the next.
FIFTH, OCTAVE = 7, 12


@dataclass(frozen=True, slots=True)
class Figure:
    """Bars on a grid that take turns.

    A figure of an accompaniment has C for a chord, P for its root and fifth, and 0 to 3 for one of its voices; a bass
    line has r, t, f, o for root, third, fifth and octave, and a for a step towards the next root.
    """

    grid: int
    """Steps in a beat."""
    bars: tuple[str, ...]
    length: float = 0.0
    """Of a note in beats; zero lets each sound until the next, as a pedal does until the next chord."""


COMPS: Mapping[str, Figure] = {
    "broken": Figure(2, ("01213121", "02123121")),
    "bounce": Figure(2, ("C..C..C.", "C..C.CC."), 0.4),
    "ostinato": Figure(2, ("01210121", "01210212"), 0.42),
    "late": Figure(4, ("C......C........", "..C.......C.....")),
    "stabs": Figure(4, ("..C..C....C..C..", "..C..C....C...C."), 0.2),
    "charleston": Figure(2, ("C..C....", "...C..C."), 0.7),
    "power": Figure(2, ("PPPPPPPP", "PPPPPP.P"), 0.46),
    "waltz": Figure(2, ("..C.C.",), 0.7),
    "chip": Figure(4, ("0123012301230123",), 0.2),
    "sixteenths": Figure(4, ("..C.C..C.C..C...", "C..C..C..C.C..C."), 0.16),
}
BASSES: Mapping[str, Figure] = {
    "roots": Figure(2, ("r..rr...", "r..rr.f.")),
    "fifths": Figure(2, ("r...f...", "r...f..a"), 0.9),
    "lazy": Figure(4, ("r......r..r.....", "r.........f...a.")),
    "offbeat": Figure(4, ("..rr..r...rr..ro", "..rr..r...rr..fr"), 0.22),
    "eighths": Figure(2, ("rrrrrrrr", "rrrrrrra"), 0.46),
    "walking": Figure(1, ("rtfa", "rfta")),
    "octaves": Figure(2, ("rorororo", "roroforo"), 0.42),
    "funk": Figure(4, ("r..o..r...fo..ra", "r..r..o...f.o.a."), 0.22),
}


def held(chords: tuple[Chord, ...]) -> list[Tone]:
    return [
        Tone(chord.start, chord.length + OVERLAP, pitch, 0.85 if place else 0.95)
        for chord in chords
        for place, pitch in enumerate(chord.voicing)
    ]


def accompanied(form: Form, chords: tuple[Chord, ...], name: str) -> list[Tone]:
    figure, tones = COMPS[name], []
    for start, end, mark in marks(form, figure):
        chord = sounding(chords, start)
        until = start + figure.length if figure.length else chord.start + chord.length
        if mark == "C" and not figure.length:
            until = end
        stress = 0.9 if start % 1 == 0 else 0.76
        tones += [Tone(start, until - start, pitch, stress) for pitch in struck(chord, mark)]
    last = chords[-1]
    ring = min(last.length, 1.0) if figure.length else last.length
    return tones + [Tone(last.start, ring, pitch, 0.85) for pitch in struck(last, "P" if name == "power" else "C")]


def struck(chord: Chord, mark: str) -> list[int]:
    if mark == "P":
        root = nearest(48, (chord.root,))
        return [root, root + FIFTH, root + OCTAVE]
    if mark == "C":
        return list(chord.voicing)
    voices = (*chord.voicing, chord.voicing[0] + OCTAVE)
    return [voices[min(int(mark), len(voices) - 1)]]


def grounded(form: Form, chords: tuple[Chord, ...], name: str, centre: int) -> list[Tone]:
    if name == "drone":
        root = nearest(centre, (chords[-1].root,))
        return [Tone(0.0, form.body_beats + form.ending_beats, root, 1.0)]
    if name == "held":
        return [Tone(chord.start, chord.length, nearest(centre, (chord.root,)), 0.9) for chord in chords]
    figure, tones = BASSES[name], []
    for start, end, mark in marks(form, figure):
        chord = sounding(chords, start)
        root = nearest(centre, (chord.root,))
        third, fifth = (root + (tone - root) % OCTAVE for tone in chord.tones[1:3])
        ahead = nearest(root, (sounding(chords, end).root,))
        step = along(ahead, -1, chord.scale)
        pitch = {"r": root, "t": third, "f": fifth, "o": root + OCTAVE, "a": step}[mark]
        tones.append(Tone(start, figure.length or end - start, pitch, 0.95 if start % 2 == 0 else 0.82))
    return [*tones, Tone(chords[-1].start, chords[-1].length, nearest(centre, (chords[-1].root,)), 0.9)]


def marks(form: Form, figure: Figure) -> list[tuple[float, float, str]]:
    """Where each mark of a figure begins and ends, in beats."""
    found: list[tuple[float, str]] = []
    for bar in form.bars:
        pattern = figure.bars[bar.number % len(figure.bars)]
        steps = round(bar.length * figure.grid)
        found += [
            (bar.start + step / figure.grid, mark) for step, mark in enumerate(pattern[:steps]) if mark not in ". "
        ]
    ends = [start for start, _ in found[1:]] + [form.body_beats]
    return [(start, end, mark) for (start, mark), end in zip(found, ends, strict=False)]
