"""The provider flexura-testcard: valid files of the right size, the same for the same request."""

import asyncio
import hashlib
import io
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from flexura_media_worker.domain import (
    FailureReason,
    GenerationError,
    GenerationRequest,
    Lease,
    Media,
    MediaType,
)
from flexura_media_worker.providers.testcard import TestCard

ANY_SCRIPT = {
    "latin": "a futuristic city at night, neon lights, cinematic",
    "accents": "Übergrößenträger, naïve façade, žluťoučký kůň",
    "chinese": "夜晚的未来城市霓虹灯",
    "arabic": "مدينة مستقبلية في الليل",
    "hebrew mixed": "עיר עתידנית 42 at night",
    "devanagari": "रात में भविष्य का शहर",
    "emoji": "🌃🏙️ 👩‍👩‍👧‍👦 🇩🇪",
    "controls": "a\x00b\x1b[31m\r\n\tc\u202e\u200d\ufeff",
    "combining": "Z" + "\u0301" * 500,
    "half of a pair": "broken \ud83d end",
    "private use": "\ue000\U0010ffff\uffff",
    "ten thousand": "very " * 2000,
    "one long word": "x" * 10_000,
    "nothing visible": "\u200b\u200b",
    "": "",
}


def generate(
    path: Path, media_type: MediaType = MediaType.IMAGE, prompt: str = "a prompt", **options: Any
) -> tuple[Media, bytes, list[float]]:
    said: list[float] = []
    request = GenerationRequest(
        Lease("job", "token"), "flexura-testcard", media_type, media_type.value, prompt, options, path
    )
    media = asyncio.run(TestCard().generate(request, said.append))
    return media, path.read_bytes(), said


@pytest.mark.parametrize(
    "size", [(64, 64), (1024, 1024), (2048, 64), (64, 2048), (1280, 720), (333, 777), (65, 67), (2048, 2048)]
)
def test_an_image_is_a_png_of_the_size_asked_for(tmp_path: Path, size: tuple[int, int]) -> None:
    media, content, _ = generate(tmp_path / "card", width=size[0], height=size[1], seed=1)

    picture = Image.open(io.BytesIO(content))
    picture.load()
    assert (picture.format, picture.size) == ("PNG", size)
    assert (media.width, media.height) == size
    assert (media.content_type, media.extension) == ("image/png", "png")
    assert media.size_bytes == len(content)
    assert media.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("script", ANY_SCRIPT)
def test_a_prompt_of_any_script_is_drawn(tmp_path: Path, script: str) -> None:
    _, content, _ = generate(tmp_path / "card", prompt=ANY_SCRIPT[script], width=512, height=512, seed=1)

    Image.open(io.BytesIO(content)).load()


def test_a_prompt_is_seen_on_the_card(tmp_path: Path) -> None:
    _, one, _ = generate(tmp_path / "card", prompt="one", width=512, height=512, seed=1)
    _, empty, _ = generate(tmp_path / "card", prompt="", width=512, height=512, seed=1)

    plate = (100, 290, 412, 350)
    assert np.asarray(Image.open(io.BytesIO(one)).crop(plate)).max() > 200
    assert np.asarray(Image.open(io.BytesIO(empty)).crop(plate)).max() < 50


@pytest.mark.parametrize("media_type", list(MediaType))
@pytest.mark.parametrize("payload_bytes", [0, 1000])
def test_the_same_request_gives_the_same_bytes_and_another_seed_gives_others(
    tmp_path: Path, media_type: MediaType, payload_bytes: int
) -> None:
    options = {"width": 96, "height": 96, "duration_s": 0.5, "fps": 8, "payload_bytes": payload_bytes}
    _, first, _ = generate(tmp_path / "1", media_type, seed=5, **options)
    _, again, _ = generate(tmp_path / "2", media_type, seed=5, **options)
    _, other, _ = generate(tmp_path / "3", media_type, seed=6, **options)

    assert first == again
    assert first != other


@pytest.mark.parametrize("size", [(768, 432), (64, 64), (65, 101)])
def test_a_video_is_h264_in_mp4_that_plays_from_its_first_bytes(tmp_path: Path, size: tuple[int, int]) -> None:
    media, content, said = generate(
        tmp_path / "card", MediaType.VIDEO, width=size[0], height=size[1], duration_s=1, fps=12, seed=1
    )

    even = (size[0] // 2 * 2, size[1] // 2 * 2)
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.video[0]
        frames = [np.asarray(frame.to_image()) for frame in container.decode(stream)]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == even
        assert stream.average_rate == 12
    assert len(frames) == 12
    assert any((frames[0] != frame).any() for frame in frames[1:])
    assert content.index(b"moov") < content.index(b"mdat")
    assert (media.width, media.height, media.duration_s) == (*even, 1.0)
    assert said == sorted(said)
    assert said[-1] == 1.0


@pytest.mark.parametrize("duration_s", [0.5, 1.23, 4.0])
def test_a_sound_is_stereo_of_the_length_asked_for_and_does_not_click(tmp_path: Path, duration_s: float) -> None:
    media, content, _ = generate(tmp_path / "card", MediaType.AUDIO, duration_s=duration_s, seed=3)

    with wave.open(io.BytesIO(content)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, 48_000)
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2).astype(int)
    assert len(samples) == round(duration_s * 48_000)
    assert media.duration_s == pytest.approx(duration_s)
    assert np.abs(samples).max() > 1000
    assert abs(samples[0]).max() == 0
    # The steepest tone of the scale climbs by less than this from sample to sample; a click jumps further.
    assert np.abs(np.diff(samples, axis=0)).max() < 700


@pytest.mark.parametrize("payload_bytes", [1, 1024, 3 * 1024 * 1024 + 7])
def test_a_payload_has_exactly_the_bytes_asked_for(tmp_path: Path, payload_bytes: int) -> None:
    media, content, _ = generate(tmp_path / "card", payload_bytes=payload_bytes, seed=1)

    assert len(content) == media.size_bytes == payload_bytes
    assert media.extension == "png"


def test_an_empty_result_has_no_bytes(tmp_path: Path) -> None:
    media, content, _ = generate(tmp_path / "card", fail="empty")

    assert content == b""
    assert media.size_bytes == 0


@pytest.mark.parametrize(
    ("fail", "reason", "is_retryable"),
    [("refuse", FailureReason.PROVIDER_REFUSED, False), ("error", FailureReason.PROVIDER_FAILED, True)],
)
def test_a_failure_says_whether_another_attempt_may_succeed(
    tmp_path: Path, fail: str, reason: FailureReason, *, is_retryable: bool
) -> None:
    with pytest.raises(GenerationError) as raised:
        generate(tmp_path / "card", fail=fail)

    assert raised.value.failure.reason is reason
    assert raised.value.failure.is_retryable is is_retryable


def test_an_image_that_takes_its_time_says_how_far_it_is(tmp_path: Path) -> None:
    _, _, said = generate(tmp_path / "card", take_s=0.25, payload_bytes=1)

    assert len(said) >= 2
    assert said == sorted(said)
    assert 0 <= said[0] < said[-1] <= 0.9
