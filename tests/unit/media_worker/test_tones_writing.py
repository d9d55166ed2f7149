"""What a prompt decides of a piece, and what is written down before it sounds."""

from itertools import pairwise

import numpy as np
import pytest

from flexura_media_worker.providers.tones.brief import Brief, Mood, Role
from flexura_media_worker.providers.tones.compose import compose
from flexura_media_worker.providers.tones.instruments import INSTRUMENTS
from flexura_media_worker.providers.tones.loudness import SILENCE, integrated
from flexura_media_worker.providers.tones.manners import MANNER_OF_MOOD, MANNERS
from flexura_media_worker.providers.tones.scales import SCALES, TEMPERS
from flexura_media_worker.providers.tones.sound import RATE
from flexura_media_worker.providers.tones.textures import LEVELS_DB, TEXTURES
from flexura_media_worker.providers.tones.understand import interpretation, read, understand
from flexura_media_worker.providers.tones.words import GENRES, MODES, MOODS
from flexura_media_worker.providers.tones.words import INSTRUMENTS as INSTRUMENT_WORDS
from flexura_media_worker.providers.tones.words import TEXTURES as TEXTURE_WORDS
from flexura_media_worker.providers.tones.writing.harmony import harmonised
from flexura_media_worker.providers.tones.writing.score import Drum, formed


def understood(text: str, seed: int = 1) -> Brief:
    return understand(read(text), np.random.default_rng(seed))


def unknown(text: str) -> tuple[str, ...]:
    prompt = read(text)
    return interpretation(understand(prompt, np.random.default_rng(1)), prompt).unknown


@pytest.mark.parametrize(
    ("prompt", "mood", "genre"),
    [
        ("calm ambient background music", Mood.CALM, "ambient"),
        ("epic orchestral intro", Mood.EPIC, "orchestral"),
        ("lo-fi beat with rain", Mood.CALM, "lo-fi"),
        ("dark drone", Mood.DARK, "drone"),
        ("a happy tune with bells", Mood.HAPPY, "tune"),
        ("piano, slow and sad", Mood.SAD, "ballad"),
        ("techno, 130 bpm", Mood.ENERGETIC, "techno"),
        ("8-bit video game music", Mood.HAPPY, "chiptune"),
        ("a sad jazz song", Mood.SAD, "jazz"),
        ("qwertz", Mood.CALM, "quiet"),
    ],
)
def test_a_prompt_decides_mood_and_genre(prompt: str, mood: Mood, genre: str) -> None:
    brief = understood(prompt)
    assert (brief.mood, brief.genre) == (mood, genre)


@pytest.mark.parametrize(
    ("prompt", "tempo_bpm"),
    [("techno, 130 bpm", 130), ("128bpm house", 128), ("a waltz at 90 beats per minute", 90), ("fast, 60 BPM", 60)],
)
def test_a_tempo_in_figures_is_kept(prompt: str, tempo_bpm: float) -> None:
    brief = understood(prompt)
    assert (brief.tempo_bpm, brief.tempo_is_exact) == (tempo_bpm, True)


def test_slow_is_slower_and_fast_is_faster() -> None:
    assert understood("slow piano").tempo_bpm < understood("piano").tempo_bpm < understood("fast piano").tempo_bpm


@pytest.mark.parametrize(
    ("prompt", "tonic", "scale"),
    [
        ("strings in D minor", 2, "minor"),
        ("a tune in F# major", 6, "major"),
        ("B\u266d minor", 10, "minor"),
        ("Bb minor", 10, "minor"),
        ("in the key of A major", 9, "major"),
        ("in c sharp dorian", 1, "dorian"),
        ("pop in G", 7, "major"),
        ("h-moll, no: a-moll", 9, "minor"),
    ],
)
def test_a_key_is_understood(prompt: str, tonic: int, scale: str) -> None:
    brief = understood(prompt)
    assert (brief.tonic, brief.scale if prompt != "pop in G" else scale) == (tonic, scale)


def test_in_a_calm_mood_is_no_key() -> None:
    tonics = {understood("in a calm mood", seed).tonic for seed in range(12)}
    assert len(tonics) > 1


def test_instruments_take_their_roles() -> None:
    happy = {seat.role: seat.instrument for seat in understood("a happy tune with bells").seats}
    assert happy[Role.LEAD] == "bells"
    assert Role.DRUMS in happy
    assert Role.DRUMS not in {seat.role for seat in understood("a happy tune with no drums").seats}
    assert {seat.instrument for seat in understood("solo piano").seats} == {"piano"}
    assert "strings" in {seat.instrument for seat in understood("jazz with violins").seats}
    assert "drums" in {seat.instrument for seat in understood("ambient with a beat").seats}


def test_textures_are_heard() -> None:
    assert understood("lo-fi beat with rain").textures == ("rain", "vinyl")
    assert understood("calm music by the ocean in the wind").textures == ("sea", "wind")


def test_words_that_decide_nothing_are_reported() -> None:
    assert unknown("a happy zeppelin tune with purple bells, 100 bpm in D minor") == ("zeppelin", "purple")
    for prompt in ("calm ambient background music", "lo-fi beat with rain", "piano, slow and sad", "techno, 130 bpm"):
        assert unknown(prompt) == ()


def test_an_answer_says_what_was_decided() -> None:
    prompt = read("techno, 130 bpm in D minor")
    said = interpretation(understand(prompt, np.random.default_rng(1)), prompt).understood
    assert {"mood: energetic", "genre: techno", "tempo: 130 bpm", "key: D minor"} <= set(said)


def test_every_word_leads_somewhere() -> None:
    assert set(GENRES.values()) <= set(MANNERS)
    assert set(MANNER_OF_MOOD) == set(TEMPERS) == set(Mood) == set(MOODS.values())
    assert set(MODES.values()) | {scale for temper in TEMPERS.values() for scale in temper.scales} <= set(SCALES)
    assert {scale for manner in MANNERS.values() for scale in manner.scales} <= set(SCALES)
    assert set(INSTRUMENT_WORDS.values()) <= set(INSTRUMENTS)
    assert {seat.instrument for manner in MANNERS.values() for seat in manner.seats} <= set(INSTRUMENTS)
    assert set(TEXTURE_WORDS.values()) == set(TEXTURES) == set(LEVELS_DB)


@pytest.mark.parametrize("name", [name for name in INSTRUMENTS if "drum" not in name])
def test_every_instrument_plays(name: str) -> None:
    instrument = INSTRUMENTS[name]
    for length_s in (0.04, 0.7):
        sound = instrument.play(instrument.centre, length_s, 0.8)
        assert sound.dtype == np.float32
        assert sound.shape[0] in {1, 2}
        assert np.isfinite(sound).all()
        # No click: whatever rings is let go softly.
        assert np.abs(sound[:, -1]).max() < 0.01 < np.abs(sound).max()


@pytest.mark.parametrize("genre", MANNERS)
@pytest.mark.parametrize("duration_s", [1.0, 4.3, 33.0])
def test_a_piece_ends_on_its_tonic_and_within_its_time(genre: str, duration_s: float) -> None:
    for seed in range(3):
        word = next((word for word, name in GENRES.items() if name == genre), genre)
        brief = understood(word, seed)
        parts = compose(brief, duration_s, np.random.default_rng(seed))
        for part in parts:
            assert all(0 <= note.start_s < duration_s for note in part.notes)
            if part.role in {Role.LEAD, Role.BASS}:
                assert max(part.notes, key=lambda note: note.start_s).pitch % 12 == brief.tonic


def test_chords_move_little() -> None:
    for seed in range(8):
        brief = understood("a happy tune", seed)
        manner = MANNERS[brief.genre]
        form = formed(brief, manner, 20)
        chords = harmonised(brief, manner, form, np.random.default_rng(seed))
        tops = [chord.voicing[-1] for chord in chords]
        assert max(abs(b - a) for a, b in pairwise(tops)) <= 5


def test_a_motif_returns() -> None:
    brief = understood("a happy tune")
    parts = compose(brief, 30, np.random.default_rng(3))
    lead = next(part for part in parts if part.role is Role.LEAD)
    beat_s = 60 / brief.tempo_bpm
    starts = np.array([note.start_s for note in lead.notes]) / beat_s
    bars = [tuple(np.round((starts[(starts >= bar) & (starts < bar + 4)] - bar) * 2)) for bar in range(0, 48, 4)]
    assert len(set(bars)) < len(bars)


def test_techno_has_a_kick_on_every_beat() -> None:
    brief = understood("techno, 120 bpm")
    drums = next(part for part in compose(brief, 8, np.random.default_rng(1)) if part.role is Role.DRUMS)
    kicks = [note.start_s for note in drums.notes if note.pitch == Drum.KICK]
    assert np.allclose(np.diff(kicks[:12]), 0.5)


def test_the_meter_reads_what_the_standard_says() -> None:
    tone = np.sin(2 * np.pi * 997 * np.arange(RATE * 5) / RATE).astype(np.float32)
    one = np.stack([tone, np.zeros_like(tone)])

    assert integrated(one) == pytest.approx(-3.01, abs=0.05)
    assert integrated(np.stack([tone, tone])) == pytest.approx(0.0, abs=0.05)
    assert integrated(one * np.float32(0.1)) == pytest.approx(-23.01, abs=0.05)


def test_the_meter_leaves_out_what_is_quiet() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 997 * np.arange(RATE * 5) / RATE).astype(np.float32)
    sides = np.stack([tone, tone])
    paused = np.concatenate([sides, np.zeros_like(sides)], axis=1)

    assert integrated(paused) == pytest.approx(integrated(sides), abs=0.3)
    assert integrated(np.zeros_like(sides)) == SILENCE
