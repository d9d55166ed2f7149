"""The manner of each genre: who plays, how fast, and in which patterns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flexura_media_worker.providers.tones.brief import Mood, Role, Seat
from flexura_media_worker.providers.tones.scales import Progressions


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    mood: Mood
    """Where the prompt names none."""
    tempo_bpm: tuple[float, float]
    seats: tuple[Seat, ...]
    beats: int = 4
    """In a bar."""
    comp: str = "broken"
    bass: str = "roots"
    drums: str = "soft"
    melody: str = "flowing"
    chord_beats: int = 4
    sevenths: bool = False
    scales: tuple[str, ...] = ()
    progressions: Progressions = ()
    """Instead of those of the mood."""
    swing: float = 0.5
    """Where the second half of a beat falls."""
    growth: float = 0.08
    """How much louder the end is than the beginning."""
    looseness_s: float = 0.006
    reverb_s: float = 1.8
    reverb: float = 0.22
    echo: float = 0.0
    pumps: bool = False
    """Whether all else ducks beneath the kick drum."""
    cutoff_hz: float = 0.0
    fade_in_s: float = 0.01
    textures: tuple[str, ...] = ()
    levels_db: Mapping[Role, float] = field(default_factory=dict)
    """On top of what a role has."""


def seats(**instruments: str) -> tuple[Seat, ...]:
    return tuple(Seat(Role[role.upper()], instrument) for role, instrument in instruments.items())


MANNERS: Mapping[str, Manner] = {
    "quiet": Manner(
        mood=Mood.CALM, tempo_bpm=(72, 84), seats=seats(pad="pad", comp="piano", lead="piano", bass="bass"),
        bass="held", reverb_s=2.4, reverb=0.3,
    ),
    "ambient": Manner(
        mood=Mood.CALM, tempo_bpm=(60, 72), seats=seats(pad="pad", comp="pluck", lead="bells", bass="pad"),
        bass="held", melody="sparse", looseness_s=0.012, reverb_s=3.6, reverb=0.5, echo=0.35, fade_in_s=0.6,
        levels_db={Role.PAD: 5, Role.LEAD: -4, Role.COMP: -3},
    ),
    "drone": Manner(
        mood=Mood.DARK, tempo_bpm=(50, 60), seats=seats(pad="pad", bass="drone"), bass="drone", melody="sparse",
        drums="heartbeat", chord_beats=8, progressions=((0, 0, 5, 0), (0, 1, 0, 0)), reverb_s=4.0, reverb=0.5,
        cutoff_hz=900, fade_in_s=1.5, levels_db={Role.BASS: 5, Role.PAD: 0},
    ),
    "ballad": Manner(
        mood=Mood.SAD, tempo_bpm=(66, 78), seats=seats(pad="strings", comp="piano", lead="piano", bass="bass"),
        bass="held", melody="sparse", looseness_s=0.014, reverb_s=2.6, reverb=0.32,
        levels_db={Role.PAD: -6, Role.BASS: -4},
    ),
    "tune": Manner(
        mood=Mood.HAPPY, tempo_bpm=(104, 118), seats=seats(comp="piano", lead="flute", bass="bass", drums="drums"),
        comp="bounce", bass="fifths", drums="light", melody="lively", reverb_s=1.4,
    ),
    "orchestral": Manner(
        mood=Mood.EPIC, tempo_bpm=(88, 100),
        seats=seats(pad="strings", comp="strings", lead="brass", bass="brass", drums="drums"),
        comp="ostinato", bass="held", drums="epic", growth=0.32, reverb_s=3.2, reverb=0.36,
        levels_db={Role.DRUMS: 1},
    ),
    "cinematic": Manner(
        mood=Mood.MYSTERIOUS, tempo_bpm=(76, 88), seats=seats(pad="strings", comp="pluck", lead="piano", bass="drone"),
        comp="ostinato", bass="held", drums="heartbeat", melody="sparse", reverb_s=3.4, reverb=0.4, fade_in_s=0.3,
    ),
    "lo-fi": Manner(
        mood=Mood.CALM, tempo_bpm=(72, 82), seats=seats(comp="keys", lead="pluck", bass="bass", drums="drums"),
        comp="late", bass="lazy", drums="lo-fi", sevenths=True, scales=("dorian", "major", "natural minor"),
        progressions=((1, 4, 0, 5), (3, 2, 1, 0), (0, 3, 1, 4)), swing=0.58, looseness_s=0.012, reverb_s=1.2,
        reverb=0.16, cutoff_hz=8500, textures=("vinyl",), levels_db={Role.LEAD: -3, Role.DRUMS: 2},
    ),
    "techno": Manner(
        mood=Mood.ENERGETIC, tempo_bpm=(124, 134),
        seats=seats(pad="pad", comp="synth", lead="pluck", bass="synth bass", drums="drums"),
        comp="stabs", bass="offbeat", drums="techno", scales=("natural minor", "phrygian"), chord_beats=8,
        progressions=((0, 0, 5, 6), (0, 0, 0, 2), (0, 5, 0, 6)), looseness_s=0.0, reverb_s=1.6, reverb=0.18, echo=0.3,
        pumps=True, levels_db={Role.DRUMS: 5, Role.LEAD: -6, Role.BASS: 2, Role.COMP: -1},
    ),
    "house": Manner(
        mood=Mood.HAPPY, tempo_bpm=(118, 126),
        seats=seats(pad="pad", comp="piano", lead="synth", bass="synth bass", drums="drums"),
        comp="stabs", bass="offbeat", drums="house", sevenths=True, scales=("dorian", "natural minor"),
        looseness_s=0.0, reverb_s=1.4, echo=0.25, pumps=True, levels_db={Role.DRUMS: 4, Role.LEAD: -5, Role.PAD: -2},
    ),
    "synthwave": Manner(
        mood=Mood.ENERGETIC, tempo_bpm=(88, 104),
        seats=seats(pad="pad", comp="pluck", lead="synth", bass="synth bass", drums="drums"),
        bass="eighths", drums="rock", scales=("natural minor",), progressions=((0, 5, 2, 6), (5, 6, 0, 0)),
        looseness_s=0.0, reverb_s=2.2, reverb=0.3, echo=0.25, pumps=True, levels_db={Role.DRUMS: 2, Role.LEAD: -2},
    ),
    "jazz": Manner(
        mood=Mood.ROMANTIC, tempo_bpm=(116, 136), seats=seats(comp="keys", lead="piano", bass="bass", drums="drums"),
        comp="charleston", bass="walking", drums="jazz", melody="jazzy", sevenths=True, scales=("major", "minor"),
        progressions=((1, 4, 0, 5), (0, 5, 1, 4), (2, 5, 1, 4)), swing=0.65, looseness_s=0.01, reverb_s=1.0,
        reverb=0.14, levels_db={Role.BASS: 3, Role.DRUMS: -2},
    ),
    "rock": Manner(
        mood=Mood.ENERGETIC, tempo_bpm=(112, 128), seats=seats(comp="guitar", lead="synth", bass="bass", drums="drums"),
        comp="power", bass="eighths", drums="rock", melody="lively", scales=("mixolydian", "natural minor"),
        reverb_s=1.0, reverb=0.14, levels_db={Role.DRUMS: 4, Role.LEAD: -3, Role.COMP: 3, Role.BASS: 2},
    ),
    "classical": Manner(
        mood=Mood.ROMANTIC, tempo_bpm=(92, 112),
        seats=seats(pad="strings", comp="piano", lead="strings", bass="strings"),
        bass="held", progressions=((0, 3, 4, 0), (0, 5, 1, 4), (0, 4, 0, 4)), looseness_s=0.012, reverb_s=2.4,
        reverb=0.3, levels_db={Role.PAD: -4},
    ),
    "lullaby": Manner(
        mood=Mood.CALM, tempo_bpm=(66, 76), seats=seats(pad="pad", comp="pluck", lead="bells", bass="bass"), beats=3,
        chord_beats=3, bass="held", drums="waltz", scales=("major", "major pentatonic"),
        progressions=((0, 0, 3, 0), (0, 4, 4, 0)), looseness_s=0.01, reverb_s=2.4, reverb=0.3,
        levels_db={Role.PAD: -2, Role.BASS: -3},
    ),
    "waltz": Manner(
        mood=Mood.HAPPY, tempo_bpm=(138, 156), seats=seats(comp="piano", lead="strings", bass="bass", drums="drums"),
        beats=3, chord_beats=3, comp="waltz", bass="held", drums="waltz", scales=("major", "minor"),
        progressions=((0, 0, 4, 4), (0, 3, 4, 0), (0, 5, 1, 4)), reverb_s=1.8, levels_db={Role.DRUMS: -6},
    ),
    "chiptune": Manner(
        mood=Mood.HAPPY, tempo_bpm=(132, 152),
        seats=seats(comp="square", lead="square", bass="triangle", drums="chip drums"),
        comp="chip", bass="octaves", drums="chip", melody="lively", looseness_s=0.0, reverb_s=0.4, reverb=0.04,
        levels_db={Role.COMP: -3, Role.DRUMS: -2},
    ),
    "funk": Manner(
        mood=Mood.ENERGETIC, tempo_bpm=(98, 110), seats=seats(comp="guitar", lead="brass", bass="bass", drums="drums"),
        comp="sixteenths", bass="funk", drums="funk", melody="jazzy", sevenths=True, scales=("dorian", "mixolydian"),
        progressions=((0, 3, 0, 3), (0, 0, 3, 4)), swing=0.53, reverb_s=0.9, reverb=0.1,
        levels_db={Role.BASS: 4, Role.DRUMS: 3, Role.LEAD: -3},
    ),
    "folk": Manner(
        mood=Mood.HAPPY, tempo_bpm=(96, 112), seats=seats(comp="guitar", lead="flute", bass="bass"), bass="fifths",
        drums="light", scales=("major", "mixolydian", "dorian"), looseness_s=0.01, reverb_s=1.4, reverb=0.18,
    ),
    "pop": Manner(
        mood=Mood.HAPPY, tempo_bpm=(100, 116),
        seats=seats(pad="pad", comp="piano", lead="synth", bass="bass", drums="drums"),
        comp="bounce", bass="eighths", drums="rock", progressions=((0, 4, 5, 3), (5, 3, 0, 4)), reverb_s=1.6,
        levels_db={Role.DRUMS: 2, Role.PAD: -3, Role.LEAD: -2},
    ),
}  # fmt: skip
# Where the prompt names a mood and no genre.
MANNER_OF_MOOD: Mapping[Mood, str] = {
    Mood.CALM: "quiet", Mood.HAPPY: "tune", Mood.SAD: "ballad", Mood.DARK: "cinematic", Mood.EPIC: "orchestral",
    Mood.TENSE: "cinematic", Mood.DREAMY: "ambient", Mood.ROMANTIC: "ballad", Mood.ENERGETIC: "synthwave",
    Mood.MYSTERIOUS: "cinematic",
}  # fmt: skip
