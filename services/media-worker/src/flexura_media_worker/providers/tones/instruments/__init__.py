"""The instruments, each in a file of its own, and the table of them all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flexura_media_worker.providers.tones.instruments.bass import bass, synth_bass
from flexura_media_worker.providers.tones.instruments.bells import bells
from flexura_media_worker.providers.tones.instruments.brass import brass
from flexura_media_worker.providers.tones.instruments.chip import square, triangle
from flexura_media_worker.providers.tones.instruments.drone import drone
from flexura_media_worker.providers.tones.instruments.drums import chip_drums, drums
from flexura_media_worker.providers.tones.instruments.flute import flute
from flexura_media_worker.providers.tones.instruments.keys import keys
from flexura_media_worker.providers.tones.instruments.organ import organ
from flexura_media_worker.providers.tones.instruments.pad import pad
from flexura_media_worker.providers.tones.instruments.piano import piano
from flexura_media_worker.providers.tones.instruments.plucked import guitar, pluck
from flexura_media_worker.providers.tones.instruments.strings import strings
from flexura_media_worker.providers.tones.instruments.synth import synth
from flexura_media_worker.providers.tones.sound import Samples


@dataclass(frozen=True, slots=True)
class Instrument:
    play: Callable[[int, float, float], Samples]
    """Takes pitch, length in seconds and force from 0 to 1; what it answers may ring on past the length."""
    centre: int = 72
    """The pitch around which it sings best."""


INSTRUMENTS: Mapping[str, Instrument] = {
    "bass": Instrument(bass, 40),
    "bells": Instrument(bells, 84),
    "brass": Instrument(brass, 65),
    "chip drums": Instrument(chip_drums),
    "drone": Instrument(drone, 36),
    "drums": Instrument(drums),
    "flute": Instrument(flute, 77),
    "guitar": Instrument(guitar, 64),
    "keys": Instrument(keys, 69),
    "organ": Instrument(organ, 67),
    "pad": Instrument(pad, 67),
    "piano": Instrument(piano, 73),
    "pluck": Instrument(pluck, 74),
    "square": Instrument(square, 76),
    "strings": Instrument(strings, 72),
    "synth": Instrument(synth, 70),
    "synth bass": Instrument(synth_bass, 38),
    "triangle": Instrument(triangle, 40),
}
