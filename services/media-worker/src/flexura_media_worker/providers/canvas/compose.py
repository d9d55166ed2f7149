"""From what a picture is to show to the picture: subject, figures, weather, style."""

import numpy as np
from PIL import Image

from flexura_media_worker.providers.canvas.brief import Brief
from flexura_media_worker.providers.canvas.canvas import Canvas
from flexura_media_worker.providers.canvas.figures import FIGURES
from flexura_media_worker.providers.canvas.light import light_of
from flexura_media_worker.providers.canvas.parts.weather import draw_weather
from flexura_media_worker.providers.canvas.scene import Scene, Stage
from flexura_media_worker.providers.canvas.styles import as_image, finish
from flexura_media_worker.providers.canvas.subjects import SUBJECTS

OUTDOORS = frozenset(SUBJECTS) - {"room", "space", "abstract", "pond"}
STEPS_MAX = 50


def draw(brief: Brief, width: int, height: int, steps: int, seed: bytes) -> Image.Image:
    rng = np.random.default_rng(np.frombuffer(seed, np.uint32))
    detail = min(1.0, 0.45 + 0.55 * (steps / STEPS_MAX) ** 0.5)
    scene = Scene(Canvas(width, height), brief, light_of(brief), rng, detail)
    stage = SUBJECTS[brief.subject](scene)
    draw_figures(scene, stage)
    if brief.subject in OUTDOORS:
        draw_weather(scene)
    finish(scene)
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
