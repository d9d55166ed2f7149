"""From what a picture is to show to the picture: subject, figures, weather, style."""

from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum

import numpy as np
from PIL import Image

from flexura_media_worker.providers.canvas.brief import Brief
from flexura_media_worker.providers.canvas.canvas import Canvas
from flexura_media_worker.providers.canvas.figures import FIGURES
from flexura_media_worker.providers.canvas.light import light_of
from flexura_media_worker.providers.canvas.parts.weather import draw_weather
from flexura_media_worker.providers.canvas.plate import Plate
from flexura_media_worker.providers.canvas.scene import Scene, Stage
from flexura_media_worker.providers.canvas.styles import as_image, finish
from flexura_media_worker.providers.canvas.subjects import SUBJECTS

OUTDOORS = frozenset(SUBJECTS) - {"room", "space", "abstract", "pond"}
STEPS_MAX = 50
Seed = Sequence[int]


class Task(IntEnum):
    """Each has a source of chance of its own: what one draws changes nothing for the others."""

    SUBJECT = 0
    FIGURES = 1
    WEATHER = 2
    STYLE = 3
    SKY = 4
    MOTION = 5
    MUSIC = 6
    ALIVE = 7


def draw(brief: Brief, width: int, height: int, steps: int, seed: Seed) -> Image.Image:
    scene = scene_of(brief, Canvas(width, height), steps, seed)
    stage = draw_subject(scene, seed)
    draw_moment(scene, stage, seed)
    return finished(scene, seed)


def scene_of(brief: Brief, canvas: Canvas, steps: int, seed: Seed, plate: Plate | None = None) -> Scene:
    detail = min(1.0, 0.45 + 0.55 * (steps / STEPS_MAX) ** 0.5)
    return Scene(canvas, brief, light_of(brief), chance(seed, Task.SUBJECT), detail, plate=plate)


def chance(seed: Seed, task: Task) -> np.random.Generator:
    return np.random.default_rng([*seed, task])


def draw_subject(scene: Scene, seed: Seed) -> Stage:
    return SUBJECTS[scene.brief.subject](replace(scene, rng=chance(seed, Task.SUBJECT)))


def draw_moment(scene: Scene, stage: Stage, seed: Seed) -> None:
    """What moves: the figures, and what falls."""
    scene = replace(scene, light=stage.light or scene.light)
    if stage.draw_alive:
        stage.draw_alive(replace(scene, rng=chance(seed, Task.ALIVE)))
    draw_figures(replace(scene, rng=chance(seed, Task.FIGURES)), stage)
    if scene.brief.subject in OUTDOORS:
        draw_weather(replace(scene, rng=chance(seed, Task.WEATHER)))


def finished(scene: Scene, seed: Seed) -> Image.Image:
    finish(replace(scene, rng=chance(seed, Task.STYLE)))
    return as_image(scene.canvas.pixels)


def draw_figures(scene: Scene, stage: Stage) -> None:
    figures = [figure for figure in scene.brief.figures if figure not in stage.places]
    for figure, (across, ground, size) in stage.places.items():
        if figure in scene.brief.figures:
            FIGURES[figure](scene, (across * scene.canvas.aspect, ground), fitted(scene, size))
    middle = 0.5 if stage.middle is None else stage.middle
    for number, figure in enumerate(figures):
        across = middle + (number - (len(figures) - 1) / 2) * 0.3
        FIGURES[figure](scene, (across * scene.canvas.aspect, stage.ground), fitted(scene, stage.size))


def fitted(scene: Scene, size: float) -> float:
    """Smaller where the picture is narrow."""
    return min(size, 0.7 * scene.canvas.aspect)
