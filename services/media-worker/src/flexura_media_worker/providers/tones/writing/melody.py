"""A melody: a motif that returns, varies and answers itself."""

from dataclasses import dataclass, replace

import numpy as np

from flexura_media_worker.providers.tones.writing.score import Bar, Chord, Form

# Lengths of notes in beats, those below zero are rests. Each sums to a bar.
RHYTHMS: dict[tuple[str, int], tuple[tuple[float, ...], ...]] = {
    ("sparse", 4): ((2, 2), (3, 1), (1, 1, 2), (-1, 1, 2), (1.5, 0.5, 2), (1, 2, -1)),
    ("sparse", 3): ((3,), (2, 1), (-1, 1, 1)),
    ("flowing", 4): ((1.5, 0.5, 2), (1, 0.5, 0.5, 2), (0.5, 0.5, 1, 2), (1, 1, 1, -1), (1, 1, 1.5, 0.5)),
    ("flowing", 3): ((2, 1), (1.5, 0.5, 1), (1, 1, 1), (1, 0.5, 0.5, 1)),
    ("lively", 4): (
        (0.5, 0.5, 0.5, 0.5, 1, 1), (1, 0.5, 0.5, 1, 0.5, 0.5), (0.75, 0.75, 0.5, 1, 1), (0.5, 1, 0.5, 1, -1),
        (1, 0.5, 0.5, 0.5, 0.5, 1),
    ),
    ("lively", 3): ((1, 0.5, 0.5, 1), (0.5, 0.5, 1, 1), (0.5, 0.5, 0.5, 0.5, 1)),
    ("jazzy", 4): (
        (-0.5, 0.5, 0.5, 0.5, 1, -1), (0.5, 0.5, 0.5, 1, 1.5), (-1, 0.5, 0.5, 0.5, 1.5), (1.5, 0.5, 0.5, 0.5, -1),
        (0.5, 1, 0.5, -0.5, 0.5, 1),
    ),
    ("jazzy", 3): ((1, 0.5, 0.5, 1), (-0.5, 0.5, 0.5, 0.5, 1)),
}  # fmt: skip
STEPS = (-2, -1, -1, 1, 1, 1, 2)
LEAP_CHANCE = 0.12
RANGE = 9  # Semitones either side of where an instrument sings best.
ORNAMENT_CHANCE = 0.4
ARCH = (0, 4, 6, -2)  # Semitones by which a phrase rises and falls, bar by bar.


@dataclass(frozen=True, slots=True)
class Motif:
    rhythm: tuple[float, ...]
    steps: tuple[int, ...]
    """How far each note is from the first, along the scale."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A note of the melody before it is played."""

    start: float
    length: float
    pitch: int
    stress: float


def sung(form: Form, chords: tuple[Chord, ...], style: str, centre: int, chance: np.random.Generator) -> list[Tone]:
    beats = round(max((bar.length for bar in form.bars), default=4))
    rhythms = RHYTHMS.get((style, beats)) or RHYTHMS[style, 4]
    motif, answer = invented(rhythms, chance), invented(rhythms, chance)
    contrast = replace(invented(rhythms, chance), steps=tuple(-step for step in motif.steps))
    contrast = replace(contrast, steps=(contrast.steps + motif.steps[::-1] + (0,) * 8)[: len(contrast.rhythm)])
    tones: list[Tone] = []
    pitch = nearest(centre, chords[0].tones)
    for bar in form.bars:
        if bar.is_intro:
            continue
        main = contrast if bar.phrase == "B" else motif
        idea = (main, answer, varied(main, chance), main)[bar.place]
        if bar.place == 3 or bar.is_last:  # noqa: PLR2004  (the last of a phrase)
            idea = breathing(idea)
        aim = centre + ARCH[bar.place] + (3 if bar.phrase == "B" else 0)
        tones += laid(idea, bar, chords, (pitch + aim) // 2, centre)
        pitch = tones[-1].pitch if tones else pitch
    closing = chords[-1]
    tones.append(Tone(closing.start, closing.length, nearest(pitch, (closing.root,)), 1.0))
    return tones


def invented(rhythms: tuple[tuple[float, ...], ...], chance: np.random.Generator) -> Motif:
    rhythm = rhythms[int(chance.integers(len(rhythms)))]
    steps, place = [0], 0
    for _ in rhythm[1:]:
        step = int(chance.choice(STEPS))
        if chance.random() < LEAP_CHANCE:
            step = int(chance.choice((-4, 3, 4)))
        # What went far returns.
        place += -step if abs(place + step) > 4 else step  # noqa: PLR2004  (steps of the scale)
        steps.append(place)
    return Motif(rhythm, tuple(steps))


def varied(motif: Motif, chance: np.random.Generator) -> Motif:
    """The same idea, told a little differently."""
    steps = list(motif.steps)
    steps[-1] += int(chance.choice((-1, 1, 2)))
    longest = int(np.argmax(motif.rhythm))
    if chance.random() < ORNAMENT_CHANCE and motif.rhythm[longest] >= 1:
        half = motif.rhythm[longest] / 2
        rhythm = (*motif.rhythm[:longest], half, half, *motif.rhythm[longest + 1 :])
        steps.insert(longest + 1, steps[longest] + int(chance.choice((-1, 1))))
        return Motif(rhythm, tuple(steps))
    return Motif(motif.rhythm, tuple(steps))


def breathing(motif: Motif) -> Motif:
    """Only the beginning of an idea, its last note held."""
    keep = max(1, len(motif.rhythm) // 2)
    rest = sum(abs(length) for length in motif.rhythm[keep - 1 :])
    return Motif((*motif.rhythm[: keep - 1], rest), motif.steps[:keep])


def laid(idea: Motif, bar: Bar, chords: tuple[Chord, ...], pitch: int, centre: int) -> list[Tone]:
    """An idea in a bar, fitted to the chords beneath."""
    tones: list[Tone] = []
    first = nearest(pitch, sounding(chords, bar.start).tones)
    beat = 0.0
    for length, step in zip(idea.rhythm, idea.steps, strict=True):
        end = min(beat + abs(length), bar.length)
        if length > 0 and end > beat:
            chord = sounding(chords, bar.start + beat)
            raw = folded(along(first, step, chord.scale), centre)
            is_strong = beat % 2 == 0 or length >= 1.5  # noqa: PLR2004  (beats)
            fitting = nearest(raw, chord.tones if is_strong else chord.scale)
            tones.append(Tone(bar.start + beat, end - beat, fitting, 1.0 if beat == 0 else 0.9 if is_strong else 0.78))
        beat += abs(length)
    return tones


def sounding(chords: tuple[Chord, ...], beat: float) -> Chord:
    return next((chord for chord in reversed(chords) if chord.start <= beat + 1e-6), chords[0])


def along(pitch: int, steps: int, scale: tuple[int, ...]) -> int:
    """So many steps of the scale higher, or lower."""
    direction = 1 if steps > 0 else -1
    for _ in range(abs(steps)):
        pitch += direction
        while pitch % 12 not in scale:
            pitch += direction
    return pitch


def folded(pitch: int, centre: int) -> int:
    """Brings what is out of range back by octaves."""
    while pitch > centre + RANGE:
        pitch -= 12
    while pitch < centre - RANGE:
        pitch += 12
    return pitch


def nearest(pitch: int, classes: tuple[int, ...]) -> int:
    return min(
        (pitch + away for away in (0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5, 6)), key=lambda p: p % 12 not in classes
    )
