"""What the drums play."""

from collections.abc import Mapping

import numpy as np

from flexura_media_worker.providers.tones.writing.score import Bar, Drum, Form

GRID = 4  # Steps in a beat.
FORCES = {"X": 1.0, "x": 0.82, "o": 0.58, "-": 0.34}
Pattern = Mapping[Drum, str]

# A bar each; of a shorter one its beginning.
PATTERNS: Mapping[str, Pattern] = {
    "soft": {Drum.KICK: "x.........o.....", Drum.SHAKER: "o.-.o.-.o.-.o.-.", Drum.BRUSH: "....o.......o..."},
    "light": {
        Drum.KICK: "x.......x.......", Drum.BRUSH: "....x.......x...", Drum.SHAKER: "o.-.x.-.o.-.x.-.",
    },
    "heartbeat": {Drum.HEART: "X..o............"},
    "epic": {
        Drum.TAIKO: "X.....x.x..x....", Drum.KICK: "X...............", Drum.SNARE: "............--oo",
    },
    "lo-fi": {
        Drum.KICK: "X......-.oX.....", Drum.SNARE: "....X.......x..-", Drum.HAT: "x.o.x.o.x.o.x.o.",
    },
    "techno": {
        Drum.KICK: "X...X...X...X...", Drum.OPEN_HAT: "..o...o...o...o.", Drum.HAT: "o-.-o-.-o-.-o-.-",
        Drum.CLAP: "....x.......x...",
    },
    "house": {
        Drum.KICK: "X...X...X...X...", Drum.OPEN_HAT: "..o...o...o...o.", Drum.CLAP: "....x.......x...",
        Drum.SHAKER: "-.o--.o--.o--.oo",
    },
    "rock": {
        Drum.KICK: "X.......x.x.....", Drum.SNARE: "....X.......X...", Drum.HAT: "x.o.x.o.x.o.x.o.",
    },
    "jazz": {
        Drum.RIDE: "x...x.o.x...x.o.", Drum.HAT: "....o.......o...", Drum.BRUSH: "-.....-...o.....",
        Drum.KICK: "o.......-.......",
    },
    "waltz": {Drum.KICK: "x...........", Drum.BRUSH: "....o...o..."},
    "chip": {Drum.KICK: "X.....x.X.......", Drum.SNARE: "....X.......X...", Drum.HAT: "o.o.o.o.o.o.o.o."},
    "funk": {
        Drum.KICK: "X..x......x..o..", Drum.SNARE: "....X..-.-..X..-", Drum.HAT: "x-o-x-o-x-o-x-x-",
    },
}  # fmt: skip
# The last beat of a phrase.
FILLS: Mapping[str, tuple[Drum, str]] = {
    "epic": (Drum.TAIKO, "oxxX"), "lo-fi": (Drum.SNARE, "..-o"), "techno": (Drum.CLAP, "..oo"),
    "house": (Drum.CLAP, "..-o"), "rock": (Drum.SNARE, "oxxX"), "chip": (Drum.SNARE, "ooxx"),
    "funk": (Drum.SNARE, "-o-x"), "light": (Drum.BRUSH, "..oo"),
}  # fmt: skip
# What sounds with the last chord.
ENDS: Mapping[str, tuple[Drum, ...]] = {
    "epic": (Drum.TAIKO, Drum.KICK, Drum.CRASH), "techno": (Drum.KICK, Drum.CRASH), "house": (Drum.KICK, Drum.CRASH),
    "rock": (Drum.KICK, Drum.CRASH), "lo-fi": (Drum.KICK,), "jazz": (Drum.RIDE,), "funk": (Drum.KICK, Drum.OPEN_HAT),
    "chip": (Drum.KICK,), "light": (Drum.KICK,), "heartbeat": (Drum.HEART,),
}  # fmt: skip
BREAKS = frozenset({"techno", "house"})  # Whose kick drum waits in the middle of the piece.
SPARED = 0.12  # Of the lightest strokes, which a drummer leaves out now and then.

Stroke = tuple[float, Drum, float]
"""Beat, drum and force."""


def drummed(form: Form, name: str, chance: np.random.Generator) -> list[Stroke]:
    strokes: list[Stroke] = []
    for bar in form.bars:
        for drum, pattern in PATTERNS[name].items():
            if is_silent(bar, drum, name):
                continue
            strokes += struck(bar, drum, filled(pattern, drum, bar, name), chance)
        fill = FILLS.get(name)
        if fill and is_filled(bar) and fill[0] not in PATTERNS[name]:
            strokes += struck(bar, fill[0], filled("." * 16, fill[0], bar, name), chance)
        if bar.place == 0 and bar.number and not bar.is_intro and Drum.CRASH in ENDS.get(name, ()):
            strokes.append((bar.start, Drum.CRASH, 0.5))
    return strokes + [(form.body_beats, drum, 0.9) for drum in ENDS.get(name, ())]


def is_silent(bar: Bar, drum: Drum, name: str) -> bool:
    if bar.is_intro:
        # The beat of a dance comes first, any other last.
        return drum is not Drum.KICK if name in BREAKS else drum not in {Drum.HAT, Drum.SHAKER, Drum.HEART}
    return name in BREAKS and bar.phrase == "B" and bar.place < 2 and drum is Drum.KICK  # noqa: PLR2004  (half of it)


def is_filled(bar: Bar) -> bool:
    return bar.is_last or bar.place == 3  # noqa: PLR2004  (the last of a phrase)


def filled(pattern: str, drum: Drum, bar: Bar, name: str) -> str:
    steps = round(bar.length * GRID)
    pattern = (pattern + "." * steps)[:steps]
    fill = FILLS.get(name)
    if fill and fill[0] is drum and is_filled(bar) and steps > GRID:
        return pattern[:-GRID] + fill[1]
    return pattern


def struck(bar: Bar, drum: Drum, pattern: str, chance: np.random.Generator) -> list[Stroke]:
    strokes = []
    for step, mark in enumerate(pattern):
        if mark in FORCES and not (mark == "-" and chance.random() < SPARED):
            strokes.append((bar.start + step / GRID, drum, FORCES[mark]))
    return strokes
