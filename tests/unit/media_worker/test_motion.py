"""Films made by rules: they play, they move, they are heard, and they are the same again for the same wishes."""

import asyncio
import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from flexura_media_worker.domain import GenerationRequest, Lease, Media, MediaType
from flexura_media_worker.providers.canvas.canvas import Canvas
from flexura_media_worker.providers.canvas.compose import draw_moment, draw_subject, scene_of
from flexura_media_worker.providers.canvas.figures import FIGURES
from flexura_media_worker.providers.canvas.figures.play import ROUND_S, STRUCK, reached, rolled
from flexura_media_worker.providers.canvas.plate import BLUE, RED, Plate
from flexura_media_worker.providers.canvas.scene import Scene, Stage
from flexura_media_worker.providers.canvas.subjects import SUBJECTS
from flexura_media_worker.providers.canvas.understand import understand
from flexura_media_worker.providers.motion import Motion
from flexura_media_worker.providers.prompts import Prompt
from flexura_media_worker.providers.tones.loudness import integrated

SEED = (1, 2, 3, 4, 5, 6, 7, 8)
BLANK = 2.0
MOVING = set(FIGURES) - {"house", "castle"}


def generate(folder: Path, prompt: str, **options: Any) -> tuple[bytes, Media, list[float]]:
    path = folder / "film"
    said: list[float] = []
    wishes = {"seed": 1, "width": 128, "height": 72, "duration_s": 1, "fps": 8, **options}
    request = GenerationRequest(Lease("", ""), "flexura-motion", MediaType.VIDEO, "motion", prompt, wishes, path)
    media = asyncio.run(Motion().generate(request, said.append))
    return path.read_bytes(), media, said


def seen(content: bytes) -> NDArray[np.float32]:
    with av.open(io.BytesIO(content)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(container.streams.video[0])]
    return np.stack(frames).astype(np.float32)


def test_a_film_plays_everywhere_and_says_what_it_is(tmp_path: Path) -> None:
    content, media, said = generate(tmp_path, "a dog on a meadow, pan left", duration_s=1.5)
    assert (media.content_type, media.extension, media.duration_s) == ("video/mp4", "mp4", 1.5)
    assert (media.width, media.height) == (128, 72)
    with av.open(io.BytesIO(content)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (picture.width, picture.height, picture.average_rate) == (128, 72, 8)
        assert (sound.codec_context.name, sound.rate, sound.channels) == ("aac", 48_000, 2)
    assert len(seen(content)) == 12
    assert content.index(b"moov") < content.index(b"mdat")
    assert said == sorted(said)
    assert said[-1] == 1
    assert media.interpreted_as is not None
    assert {"subject: field", "figures: dog", "camera: pans left"} <= set(media.interpreted_as.understood)
    assert media.interpreted_as.unknown == ()


def test_the_same_wishes_give_the_same_bytes_and_another_seed_another_film(tmp_path: Path) -> None:
    wish = "a sailing boat on a calm sea, sunset"
    first, again, other = (generate(tmp_path, wish, seed=seed)[1].sha256 for seed in (7, 7, 8))
    assert first == again != other


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("manner", ["clear noon", "storm at night, watercolour"])
def test_every_place_is_seen_and_moves_between_fades(tmp_path: Path, subject: str, manner: str) -> None:
    frames = seen(generate(tmp_path, f"{subject}, {manner}", width=96, height=64)[0])
    middle = frames[2:6]
    assert middle.std(axis=(1, 2)).min() > BLANK
    assert max(np.abs(one - other).mean() for one, other in pairwise(middle)) > 0.1
    whole = frames[2]
    # What players show before they play is dim and no blank.
    assert frames[0].mean() < 0.6 * whole.mean()
    assert frames[0].std() > 0.2 * whole.std()
    assert frames[-1].mean() < 0.8 * whole.mean()


@pytest.mark.parametrize("figure", sorted(MOVING))
def test_figures_move_by_themselves(figure: str) -> None:
    place = {
        "umbrella": "street",
        "fish": "sea",
        "yarn": "room",
        "tree": "autumn meadow",
        "lighthouse": "sea at night",
    }.get(figure, "meadow")
    moments = []
    for time_s in (0.2, 0.75):
        scene = scene_of(understand(Prompt(f"{figure}, {place}")), Canvas(160, 120), 4, SEED)
        stage = draw_subject(scene, SEED)
        before = scene.canvas.pixels.copy()
        draw_moment(replace(scene, time_s=time_s), stage, SEED)
        moments.append(scene.canvas.pixels - before)
    assert np.abs(moments[0]).max() > 0.05
    assert np.abs(moments[0] - moments[1]).max() > 0.05


def test_what_lives_in_a_scene_has_no_say_in_how_figures_look() -> None:
    def draws_chance(scene: Scene) -> None:
        scene.rng.random(3)

    pictures = []
    for draw_alive in (None, draws_chance):
        scene = scene_of(understand(Prompt("a dog and a person, room")), Canvas(120, 90), 4, SEED)
        draw_moment(scene, Stage(0.9, 0.4, draw_alive=draw_alive), SEED)
        pictures.append(scene.canvas.pixels)
    assert pictures[0].std() > 0.02
    assert np.array_equal(*pictures)


def test_a_film_begins_with_its_picture() -> None:
    brief = understand(Prompt("a single tree in autumn"))
    moments = []
    for time_s in (0.0, 0.04, 0.08):
        scene = scene_of(brief, Canvas(160, 120), 4, SEED)
        stage = draw_subject(scene, SEED)
        draw_moment(replace(scene, time_s=time_s), stage, SEED)
        moments.append(scene.canvas.pixels)
    first, second = (float(np.abs(one - other).mean()) for one, other in pairwise(moments))
    assert 0 < first < 1.5 * second, "leaves jump from the ground into the air"


def test_the_ball_rolls_when_the_paw_has_struck_it() -> None:
    times = np.arange(0, 3 * ROUND_S, 0.02)
    assert reached(STRUCK * ROUND_S) == pytest.approx(1, abs=0.01)
    assert all(rolled(time_s) == 0 for time_s in times if time_s % ROUND_S < STRUCK * ROUND_S)
    assert max(rolled(time_s) for time_s in times) == pytest.approx(1, abs=0.01)
    for course in (reached, rolled):
        assert max(abs(course(one) - course(other)) for one, other in pairwise(times)) < 0.2, "it jumps"


@pytest.mark.parametrize("subject", ["field", "sea", "city", "lake", "beach", "forest"])
def test_a_marked_plate_says_where_sky_and_water_are_seen(subject: str) -> None:
    plates = []
    for is_marked in (False, True):
        scene = scene_of(understand(Prompt(subject)), Canvas(96, 96), 4, SEED, Plate(is_marked))
        draw_subject(scene, SEED)
        plates.append(scene.canvas.pixels)
    seen_through = plates[1] - plates[0]
    assert seen_through.min() > -1e-4
    assert seen_through.max() < 1.3
    assert seen_through[0, :, RED].mean() > 0.6
    has_water = subject in {"sea", "city", "lake", "beach"}
    assert (seen_through[:, :, BLUE].max() > 0.3) == has_water


def test_the_music_is_soft_and_as_long_as_the_film(tmp_path: Path) -> None:
    content, _, _ = generate(tmp_path, "a quiet beach, noon", duration_s=4)
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.audio[0]
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(stream)], axis=1)
    assert heard.shape[1] / 48_000 == pytest.approx(4, abs=0.05)
    assert -26 < integrated(heard) < -19
    assert np.abs(heard).max() < 0.9


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prompt=st.one_of(st.text(max_size=10_000), st.text("\U0001f600\U0001f431\u732b\u0641\u05d0 a", max_size=200)),
    width=st.integers(32, 80).map(lambda half: 2 * half),
    height=st.integers(32, 80).map(lambda half: 2 * half),
    duration_s=st.floats(1, 2),
    fps=st.integers(8, 12),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_prompt_is_a_film(tmp_path: Path, prompt: str, width: int, height: int, **options: Any) -> None:
    content, media, _ = generate(tmp_path, prompt, width=width, height=height, **options)
    frames = seen(content)
    assert frames.shape == (round(options["duration_s"] * options["fps"]), height, width)
    assert frames[len(frames) // 2].std() > BLANK
    assert media.size_bytes == len(content)
