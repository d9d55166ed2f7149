"""From notes to sound: every part played, placed, levelled, and all of them together."""

import numpy as np

from flexura_media_worker.ports import Progress
from flexura_media_worker.providers.tones.brief import Brief, Role
from flexura_media_worker.providers.tones.instruments import INSTRUMENTS
from flexura_media_worker.providers.tones.manners import MANNERS, Manner
from flexura_media_worker.providers.tones.master import mastered
from flexura_media_worker.providers.tones.room import ducking, echoed, reverberated
from flexura_media_worker.providers.tones.sound import RATE, Samples, low_pass, shaped
from flexura_media_worker.providers.tones.textures import LEVELS_DB, TEXTURES, levelled
from flexura_media_worker.providers.tones.writing.score import Drum, Part

ROLE_LEVELS_DB = {Role.LEAD: 0.0, Role.COMP: -5.0, Role.PAD: -7.0, Role.BASS: -4.0, Role.DRUMS: -2.0}
PLACES = {Role.LEAD: 0.08, Role.COMP: -0.22, Role.PAD: 0.0, Role.BASS: 0.0, Role.DRUMS: 0.0}
SENDS = {Role.LEAD: 1.0, Role.COMP: 0.9, Role.PAD: 1.0, Role.BASS: 0.12, Role.DRUMS: 0.35}
FORCES = 4  # How many ways a note is struck; in between only its volume differs.
LENGTH_GRID_S = 0.04
PITCH_SPREAD = 0.006  # Low notes to the left, high ones to the right, as at a keyboard.
FADE_OUT_SHARE, FADE_OUT_S = 0.25, 2.2
STEP = RATE // 5
QUIET_SHARE = 0.02  # Of the power of the loudest moment: what lies below is a rest.
ECHO_BEATS = 0.75


def mixed(
    brief: Brief, parts: tuple[Part, ...], duration_s: float, chance: np.random.Generator, progress: Progress
) -> Samples:
    manner, samples = MANNERS[brief.genre], round(duration_s * RATE)
    dry, sent = np.zeros((2, samples), np.float32), np.zeros((2, samples), np.float32)
    duck = ducking(samples, kicks(parts)) if manner.pumps else None
    for number, part in enumerate(parts):
        sound = balanced(played(part, samples), ROLE_LEVELS_DB[part.role] + manner.levels_db.get(part.role, 0.0))
        if manner.echo and part.role in {Role.LEAD, Role.COMP}:
            sound = echoed(sound, ECHO_BEATS * 60 / brief.tempo_bpm, manner.echo)
        if duck is not None and part.role is not Role.DRUMS:
            sound *= duck
        dry += sound
        sent += np.float32(SENDS[part.role]) * sound
        progress((number + 1) / (len(parts) + 2))
    dry += np.float32(manner.reverb) * reverberated(sent, manner.reverb_s)
    if manner.cutoff_hz:
        dry = shaped(dry, low_pass(manner.cutoff_hz))
    for name in brief.textures:
        dry += levelled(TEXTURES[name](samples, chance)) * np.float32(10 ** (LEVELS_DB[name] / 20))
    progress((len(parts) + 1) / (len(parts) + 2))
    return mastered(dry, fade_in_s(manner, brief), min(FADE_OUT_S, FADE_OUT_SHARE * duration_s))


def fade_in_s(manner: Manner, brief: Brief) -> float:
    # Rain that begins at once is a click.
    return max(manner.fade_in_s, 0.12) if set(brief.textures) - {"vinyl"} else manner.fade_in_s


def kicks(parts: tuple[Part, ...]) -> list[float]:
    return [note.start_s for part in parts if part.role is Role.DRUMS for note in part.notes if note.pitch == Drum.KICK]


def played(part: Part, samples: int) -> Samples:
    """A part by itself; equal notes are computed once."""
    play = INSTRUMENTS[part.instrument].play
    known: dict[tuple[int, int, int], Samples] = {}
    sides = np.zeros((2, samples), np.float32)
    for note in part.notes:
        start = round(note.start_s * RATE)
        if start >= samples:
            continue
        steps, force = max(1, round(note.length_s / LENGTH_GRID_S)), max(1, round(note.velocity * FORCES))
        key = (note.pitch, steps, force)
        if key not in known:
            known[key] = play(note.pitch, steps * LENGTH_GRID_S, force / FORCES)
        sound = known[key][:, : samples - start]
        sides[:, start : start + sound.shape[1]] += sound * placed(part.role, note.pitch) * np.float32(note.velocity)
    return sides


def placed(role: Role, pitch: int) -> Samples:
    """How loud a note is on either side."""
    place = PLACES[role]
    if role in {Role.LEAD, Role.COMP}:
        place += (pitch - 66) * PITCH_SPREAD
    angle = (np.clip(place, -0.8, 0.8) + 1) * np.pi / 4
    return np.array([[np.cos(angle)], [np.sin(angle)]], np.float32)


def balanced(sides: Samples, level_db: float) -> Samples:
    """At a level of its own, counted where it sounds."""
    steps = max(1, sides.shape[-1] // STEP)
    blocks = sides[:, : steps * STEP].reshape(2, steps, -1) if sides.shape[-1] >= STEP else sides[:, None]
    powers = np.square(blocks).mean(axis=(0, 2))
    heard = powers[powers >= QUIET_SHARE * powers.max()]
    return sides * np.float32(10 ** (level_db / 20) / np.sqrt(heard.mean() + 1e-12))
