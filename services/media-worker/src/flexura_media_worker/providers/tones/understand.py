"""From a prompt to what the piece is to be."""

import re

import numpy as np

from flexura_media_worker.domain import Interpretation
from flexura_media_worker.providers.prompts import Prompt
from flexura_media_worker.providers.tones import words
from flexura_media_worker.providers.tones.brief import Brief, Mood, Role, Seat
from flexura_media_worker.providers.tones.manners import MANNER_OF_MOOD, MANNERS, Manner
from flexura_media_worker.providers.tones.scales import TEMPERS, TONICS

DEFAULT_GENRE = "quiet"
TEXTURES_MAX = 2
SHARP = re.compile(r"(?<![^\W_])([A-Ga-g])[#\u266f]")
FLAT = re.compile(r"(?<![^\W_])([A-Ga-g])\u266d")
# What each instrument plays where the prompt asks for it.
ROLES = {
    "piano": (Role.LEAD, Role.COMP), "keys": (Role.COMP,), "pad": (Role.PAD,), "pluck": (Role.COMP, Role.LEAD),
    "guitar": (Role.COMP,), "strings": (Role.PAD, Role.LEAD), "bass": (Role.BASS,), "synth bass": (Role.BASS,),
    "bells": (Role.LEAD,), "brass": (Role.LEAD,), "flute": (Role.LEAD,), "organ": (Role.PAD,), "synth": (Role.LEAD,),
    "square": (Role.LEAD,), "drums": (Role.DRUMS,),
}  # fmt: skip


def read(text: str) -> Prompt:
    """A prompt whose sharps and flats are words."""
    return Prompt(FLAT.sub(r"\1 flat ", SHARP.sub(r"\1 sharp ", text)))


def understand(prompt: Prompt, chance: np.random.Generator) -> Brief:
    moods, genres = prompt.find(words.MOODS), prompt.find(words.GENRES)
    unwanted, wanted = prompt.find(words.WITHOUT), prompt.find(words.INSTRUMENTS)
    textures = prompt.find(words.TEXTURES)
    is_alone = bool(prompt.find(words.ALONE)) and bool(wanted)
    prompt.find(words.PLAIN)
    genre = genres[0] if genres else MANNER_OF_MOOD[moods[0]] if moods else DEFAULT_GENRE
    manner = MANNERS[genre]
    mood = moods[0] if moods else manner.mood
    tempo_bpm, tempo_is_exact = tempo_of(prompt, manner, mood, chance)
    tonic, scale = key_of(prompt, manner, mood, chance)
    return Brief(
        mood=mood,
        genre=genre,
        tempo_bpm=tempo_bpm,
        tonic=tonic,
        scale=scale,
        seats=seated(manner, [name for name in wanted if name not in unwanted], unwanted, is_alone=is_alone),
        textures=tuple(dict.fromkeys([*textures, *manner.textures]))[:TEXTURES_MAX],
        tempo_is_exact=tempo_is_exact,
    )


def tempo_of(prompt: Prompt, manner: Manner, mood: Mood, chance: np.random.Generator) -> tuple[float, bool]:
    said, paces = prompt.find(words.TEMPI), prompt.find(words.PACES)
    usual = chance.uniform(*manner.tempo_bpm)
    if said:
        return said[0], True
    # The tempo of a genre already suits its own mood.
    tempered = TEMPERS[mood].tempo if mood is not manner.mood else 1.0
    return float(round(usual * tempered * (paces[0] if paces else 1.0))), False


def key_of(prompt: Prompt, manner: Manner, mood: Mood, chance: np.random.Generator) -> tuple[int, str]:
    keys, modes = prompt.find(words.KEYS), prompt.find(words.MODES)
    # A genre's own scales give way to a mood that the genre does not have by itself.
    usual = manner.scales if manner.scales and mood is manner.mood else TEMPERS[mood].scales
    tonic, scale = int(chance.integers(12)), str(chance.choice(usual))
    said_tonics = [said for said, _ in keys if said is not None]
    said_modes = [mode for _, mode in keys if mode] + modes
    if said_tonics:
        tonic = said_tonics[0]
    if said_modes:
        scale = said_modes[0]
    return tonic, scale


def seated(manner: Manner, wanted: list[str], unwanted: list[str], *, is_alone: bool) -> tuple[Seat, ...]:
    """The instruments asked for take their roles; the others stay with whom the genre gives them."""
    usual = () if is_alone else manner.seats
    players = {seat.role: seat.instrument for seat in usual if seat.instrument not in unwanted}
    if "drums" in unwanted:
        players.pop(Role.DRUMS, None)
    taken: set[Role] = set()
    for instrument in wanted:
        roles = [role for role in ROLES[instrument] if role not in taken] or [ROLES[instrument][0]]
        for role in roles:
            players[role] = players.get(role, instrument) if role is Role.DRUMS else instrument
        taken.update(roles)
    if not players:
        players[Role.PAD] = "pad"
    return tuple(Seat(role, players[role]) for role in Role if role in players)


def interpretation(brief: Brief, prompt: Prompt) -> Interpretation:
    said = [
        f"mood: {brief.mood}",
        f"genre: {brief.genre}",
        f"tempo: {brief.tempo_bpm:.0f} bpm",
        f"key: {TONICS[brief.tonic]} {brief.scale}",
        f"instruments: {', '.join(dict.fromkeys(seat.instrument for seat in brief.seats))}",
    ]
    if brief.textures:
        said.append(f"textures: {', '.join(brief.textures)}")
    return Interpretation(tuple(said), tuple(prompt.unknown))
