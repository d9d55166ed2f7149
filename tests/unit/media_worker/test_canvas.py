"""Pictures drawn by rules: always the right size, never blank, the same again for the same wishes."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from flexura_media_worker.domain import GenerationRequest, Lease, Media, MediaType
from flexura_media_worker.providers.canvas import Canvas
from flexura_media_worker.providers.canvas.brief import Season, Style, Time, Weather
from flexura_media_worker.providers.canvas.figures import FIGURES
from flexura_media_worker.providers.canvas.subjects import SUBJECTS
from flexura_media_worker.providers.canvas.understand import understand
from flexura_media_worker.providers.prompts import Prompt

BLANK = 2.0
"""Deviation of brightness, of 255, below which there is nothing to see."""


def draw(folder: Path, prompt: str, **options: Any) -> tuple[Image.Image, Media]:
    path = folder / "picture"
    request = GenerationRequest(
        Lease("job", "token"), "flexura-canvas", MediaType.IMAGE, "canvas", prompt, {"seed": 1, **options}, path
    )
    media = asyncio.run(Canvas().generate(request, lambda _: None))
    with Image.open(path) as image:
        image.load()
    return image, media


def is_blank(image: Image.Image) -> bool:
    return float(np.asarray(image.convert("L"), np.float32).std()) < BLANK


@pytest.mark.parametrize(
    ("prompt", "subject", "figures"),
    [
        ("a futuristic city at night, neon lights, cinematic", "city", ()),
        ("a cat playing with a ball of yarn", "room", ("cat", "yarn")),
        ("a lighthouse at dusk in a storm", "sea", ("lighthouse",)),
        ("snow in a pine forest", "forest", ()),
        ("a robot in a flower field", "field", ("robot",)),
        ("a castle on a cliff, fog", "cliff", ("castle",)),
        ("goldfish in a pond", "pond", ("fish",)),
        ("abstract waves in blue and gold", "abstract", ()),
        ("quantum chromodynamics", "abstract", ()),
        ("\u732b", "abstract", ()),
    ],
)
def test_a_prompt_decides_what_is_to_be_seen(prompt: str, subject: str, figures: tuple[str, ...]) -> None:
    brief = understand(Prompt(prompt))
    assert (brief.subject, brief.figures) == (subject, figures)


def test_time_weather_season_and_style_are_heard() -> None:
    brief = understand(Prompt("misty mountains at sunrise in autumn, watercolor, in teal"))
    assert (brief.time, brief.weather, brief.season) == (Time.SUNRISE, Weather.FOG, Season.AUTUMN)
    assert (brief.style, brief.palette) == (Style.WATERCOLOUR, ("teal",))


def test_a_picture_says_how_it_was_understood(tmp_path: Path) -> None:
    _, media = draw(tmp_path, "a glorbous dog on a meadow", width=64, height=64)
    assert media.interpreted_as is not None
    assert "figures: dog" in media.interpreted_as.understood
    assert media.interpreted_as.unknown == ("glorbous",)


def test_the_same_wishes_give_the_same_bytes_and_another_seed_another_picture(tmp_path: Path) -> None:
    wish = "a sailing boat on a calm sea, sunset"
    first, again, other = (draw(tmp_path, wish, width=160, height=96, seed=seed)[1] for seed in (7, 7, 8))
    assert first.sha256 == again.sha256 != other.sha256


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("weather", ["clear noon", "storm at night", "snow, ink"])
def test_each_subject_in_each_light_is_a_picture(tmp_path: Path, subject: str, weather: str) -> None:
    image, _ = draw(tmp_path, f"{subject}, {weather}", width=96, height=64)
    assert image.size == (96, 64)
    assert not is_blank(image)


@pytest.mark.parametrize("figure", FIGURES)
def test_each_figure_is_seen_where_it_is_asked_for(tmp_path: Path, figure: str) -> None:
    place = {"umbrella": "street", "fish": "sea", "yarn": "room"}.get(figure, "meadow")
    without, _ = draw(tmp_path, place, width=128, height=128)
    image, _ = draw(tmp_path, f"{figure} {place}", width=128, height=128)
    assert not is_blank(image)
    assert understand(Prompt(f"{figure} {place}")).figures == (figure,)
    assert image.tobytes() != without.tobytes()


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("size", [(64, 64), (64, 512), (2048, 64), (333, 77)])
def test_every_size_in_every_style(tmp_path: Path, style: Style, size: tuple[int, int]) -> None:
    image, media = draw(tmp_path, f"a house by a river, {style}", width=size[0], height=size[1])
    assert image.size == size == (media.width, media.height)
    assert image.mode == "RGB"
    assert not is_blank(image)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prompt=st.one_of(st.text(max_size=10_000), st.text("\U0001f600\U0001f431\u732b\u0641\u05d0 a", max_size=200)),
    width=st.integers(64, 200),
    height=st.integers(64, 200),
    steps=st.integers(1, 50),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_prompt_is_a_picture(tmp_path: Path, prompt: str, width: int, height: int, steps: int, seed: int) -> None:
    image, _ = draw(tmp_path, prompt, width=width, height=height, steps=steps, seed=seed)
    assert image.size == (width, height)
    assert not is_blank(image)
