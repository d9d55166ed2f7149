"""Music made by rules: the same again for the same wishes, never silent, never clipped, as loud as it should be."""

import asyncio
import io
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from flexura_media_worker.domain import GenerationRequest, Lease, Media, MediaType
from flexura_media_worker.providers.tones import Tones
from flexura_media_worker.providers.tones.loudness import integrated
from flexura_media_worker.providers.tones.sound import RATE

SEVEN = (
    "calm ambient background music",
    "epic orchestral intro",
    "lo-fi beat with rain",
    "dark drone",
    "a happy tune with bells",
    "piano, slow and sad",
    "techno, 130 bpm",
)
OTHERS = (
    "jazz",
    "rock",
    "classical",
    "lullaby",
    "cinematic",
    "chiptune",
    "funk",
    "waltz",
    "house",
    "synthwave",
    "folk",
)
PEAK = 10 ** (-1 / 20)
SILENT = 0.001


def generate(folder: Path, prompt: str, **options: Any) -> tuple[bytes, Media, list[float]]:
    path = folder / "piece"
    said: list[float] = []
    request = GenerationRequest(
        Lease("job", "token"), "flexura-tones", MediaType.AUDIO, "tones", prompt, {"seed": 1, **options}, path
    )
    media = asyncio.run(Tones().generate(request, said.append))
    return path.read_bytes(), media, said


def heard(content: bytes) -> NDArray[np.float32]:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 2, 2)
        numbers = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return (numbers.reshape(-1, 2).T / 32768).astype(np.float32)


def sides_of(folder: Path, prompt: str, **options: Any) -> NDArray[np.float32]:
    content, _, _ = generate(folder, prompt, **options)
    return heard(content)


def is_whole(sides: NDArray[np.float32], duration_s: float) -> bool:
    """The right length, neither silent nor clipped, and at rest at both ends."""
    return (
        sides.shape[1] == round(duration_s * RATE)
        and SILENT < np.abs(sides).max() <= PEAK
        and not sides[:, 0].any()
        and not sides[:, -1].any()
    )


def test_the_same_wishes_give_the_same_bytes(tmp_path: Path) -> None:
    for form in ("wav", "mp3"):
        first, _, _ = generate(tmp_path, "lo-fi beat with rain", duration_s=2.5, format=form)
        again, _, _ = generate(tmp_path, "lo-fi beat with rain", duration_s=2.5, format=form)
        assert first == again


def test_another_seed_is_another_piece_in_the_same_manner(tmp_path: Path) -> None:
    one, first, _ = generate(tmp_path, "a happy tune with bells", duration_s=3, seed=1)
    other, second, _ = generate(tmp_path, "a happy tune with bells", duration_s=3, seed=2)

    assert one != other
    assert first.interpreted_as is not None
    assert second.interpreted_as is not None
    same = {"mood: happy", "genre: tune", "instruments: piano, bells, bass, drums"}
    assert same <= set(first.interpreted_as.understood) & set(second.interpreted_as.understood)


@pytest.mark.parametrize("prompt", [*SEVEN, *OTHERS])
def test_a_piece_is_whole_and_as_loud_as_it_should_be(tmp_path: Path, prompt: str) -> None:
    sides = sides_of(tmp_path, prompt, duration_s=3)

    assert is_whole(sides, 3)
    assert integrated(sides) == pytest.approx(-16, abs=1.5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prompt=st.one_of(
        st.text(max_size=200),
        st.lists(st.sampled_from(" ".join([*SEVEN, *OTHERS]).split()), max_size=8).map(" ".join),
        st.builds(
            lambda word, times: (word * times)[:10_000], st.text(min_size=1, max_size=9), st.integers(500, 10_000)
        ),
    ),
    duration_s=st.floats(1, 2.2),
    seed=st.integers(0, 2**53),
)
def test_any_prompt_makes_a_piece(tmp_path: Path, prompt: str, duration_s: float, seed: int) -> None:
    assert is_whole(sides_of(tmp_path, prompt, duration_s=duration_s, seed=seed), duration_s)


@pytest.mark.parametrize(
    "prompt", ["", "\U0001f43b\u200d\u2744\ufe0f", "\u732b", "\ud83d half of a pair", "x\x00\x1b[31m"]
)
def test_a_prompt_that_says_nothing_gives_a_calm_piece(tmp_path: Path, prompt: str) -> None:
    for form in ("wav", "mp3"):
        _, media, _ = generate(tmp_path, prompt, duration_s=1, format=form)
        assert media.interpreted_as is not None
        assert "mood: calm" in media.interpreted_as.understood


def test_an_mp3_lasts_as_long_as_was_asked(tmp_path: Path) -> None:
    content, media, _ = generate(tmp_path, "jazz", duration_s=3.3, format="mp3")

    with av.open(io.BytesIO(content), "r") as container:
        assert (container.duration or 0) / av.time_base == pytest.approx(3.3, abs=0.05)
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    sides = np.concatenate(frames, axis=1)
    assert sides.shape[0] == 2
    assert sides.shape[1] / RATE == pytest.approx(3.3, abs=0.05)
    assert np.abs(sides).max() <= 1
    assert (media.content_type, media.extension) == ("audio/mpeg", "mp3")
    assert media.duration_s == pytest.approx(3.3)


def test_an_mp3_is_the_same_piece_as_the_wav(tmp_path: Path) -> None:
    plain = sides_of(tmp_path, "piano, slow and sad", duration_s=3)
    content, _, _ = generate(tmp_path, "piano, slow and sad", duration_s=3, format="mp3")

    with av.open(io.BytesIO(content), "r") as container:
        packed = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    length = min(plain.shape[1], packed.shape[1])
    assert np.corrcoef(plain[0, :length], packed[0, :length])[0, 1] > 0.98


def test_progress_grows_to_the_end(tmp_path: Path) -> None:
    _, _, said = generate(tmp_path, "techno", duration_s=2)

    assert said == sorted(said)
    assert said[-1] == 1
    assert len(said) > 4


def test_techno_beats_at_the_tempo_asked_for(tmp_path: Path) -> None:
    low = onsets(sides_of(tmp_path, "techno, 130 bpm", duration_s=10))
    beat = round(60 / 130 * 100)

    agreement = [float(np.dot(low[:-lag], low[lag:])) for lag in range(1, 80)]
    assert abs(int(np.argmax(agreement[30:])) + 31 - beat) <= 1


def onsets(sides: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much louder each hundredth of a second is than the one before."""
    steps = sides.mean(axis=0)[: sides.shape[1] // 480 * 480].reshape(-1, 480)
    rises = np.maximum(np.diff(np.log1p(1000 * np.square(steps).mean(axis=1))), 0)
    return np.asarray(rises - rises.mean(), np.float64)


def test_a_dark_drone_is_lower_than_a_tune_with_bells(tmp_path: Path) -> None:
    assert brightness(sides_of(tmp_path, "dark drone", duration_s=4)) < 250
    assert brightness(sides_of(tmp_path, "a happy tune with bells", duration_s=4)) > 500


def brightness(sides: NDArray[np.float32]) -> float:
    """The centre of the spectrum in hertz."""
    power = np.square(np.abs(np.fft.rfft(sides.mean(axis=0))))
    return float((power * np.fft.rfftfreq(sides.shape[1], 1 / RATE)).sum() / power.sum())


def test_rain_is_heard_beneath_the_music(tmp_path: Path) -> None:
    def hiss(prompt: str) -> float:
        sides = sides_of(tmp_path, prompt, duration_s=3)
        return float(np.square(np.abs(np.fft.rfft(sides[0])[3 * 3000 : 3 * 6000])).sum())

    assert hiss("calm ambient rain") > 5 * hiss("calm ambient")


def test_a_whole_minute_can_be_had(tmp_path: Path) -> None:
    assert is_whole(sides_of(tmp_path, "dark drone", duration_s=60), 60)
