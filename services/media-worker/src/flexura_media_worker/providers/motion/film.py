"""Frames: what stands still drawn once, what moves drawn into each, all of it seen through the camera."""

from dataclasses import replace

import numpy as np
from PIL import Image

from flexura_media_worker.providers.canvas.brief import Style, Weather
from flexura_media_worker.providers.canvas.canvas import Canvas, Pixels
from flexura_media_worker.providers.canvas.compose import (
    Seed,
    Task,
    chance,
    draw_moment,
    draw_subject,
    finished,
    scene_of,
)
from flexura_media_worker.providers.canvas.plate import BLUE, RED, Plate
from flexura_media_worker.providers.canvas.scene import Scene, Stage
from flexura_media_worker.providers.motion import camera
from flexura_media_worker.providers.motion.brief import Brief
from flexura_media_worker.providers.motion.lamps import Flicker
from flexura_media_worker.providers.motion.sky import SPEED, SPEED_IN_STORM, DriftingSky
from flexura_media_worker.providers.motion.water import Ripples

FADE_S, FADE_SHARE = 0.5, 0.25
FIRST = 0.35  # Of the light in the first frame: players show it before they play.
# A film that is drawn or painted has fewer pictures a second, each shown in several frames.
DRAWN = frozenset({Style.WATERCOLOUR, Style.INK, Style.FLAT})
DRAWINGS_PER_S = 8


class Film:
    def __init__(self, brief: Brief, size: tuple[int, int], duration_s: float, steps: int, seed: Seed) -> None:
        self._brief = brief
        self._size = size
        self._duration_s = duration_s
        self._steps = steps
        self._seed = seed
        self._still, plate, self._stage = self._drawn(Plate())
        rng = chance(seed, Task.MOTION)
        unlit, _, _ = self._drawn(Plate(), is_lit=False)
        self._flicker = Flicker(self._still - unlit, rng, is_fire=brief.picture.subject == "room")
        marked, _, _ = self._drawn(Plate(is_marked=True))
        marked -= self._still
        self._ripples = Ripples(marked[:, :, BLUE].copy(), plate.swell, rng)
        self._sky: DriftingSky | None = None
        self._through = marked[:, :, RED : RED + 1].copy()
        if plate.sky is not None:
            speed = SPEED_IN_STORM if brief.picture.weather is Weather.STORM else SPEED
            scene = replace(self._scene(Canvas(*self._larger)), rng=chance(seed, Task.SKY))
            self._sky = DriftingSky(scene, plate.sky, speed, duration_s * brief.speed)
        self._drawing: tuple[float, Image.Image] | None = None

    def frame(self, time_s: float) -> Image.Image:
        is_drawn = self._brief.picture.style in DRAWN
        moment_s = int(time_s * DRAWINGS_PER_S) / DRAWINGS_PER_S if is_drawn else time_s
        if self._drawing is None or self._drawing[0] != moment_s:
            self._drawing = moment_s, self._drawn_at(moment_s * self._brief.speed)
        view = camera.seen(self._drawing[1], self._brief.move, time_s / self._duration_s, self._size)
        return self._faded(view, time_s)

    def _drawn_at(self, time_s: float) -> Image.Image:
        canvas = Canvas(*self._larger)
        canvas.pixels = self._still.copy()
        if self._sky is not None:
            self._add_sky(canvas.pixels, self._sky.at(time_s))
        self._flicker.light(canvas.pixels, time_s)
        self._ripples.move(canvas.pixels, time_s)
        scene = replace(self._scene(canvas), time_s=time_s)
        draw_moment(scene, self._stage, self._seed)
        return finished(scene, self._seed)

    def _add_sky(self, pixels: Pixels, sky: Pixels) -> None:
        horizon, height = len(sky), len(pixels)
        pixels[:horizon] += sky * self._through[:horizon]
        # Below the horizon, all that is seen of the sky is its mirror.
        below = self._through[horizon:]
        if len(below) and below.max() > 0:
            places = np.clip(
                horizon - 1 - np.arange(height - horizon) * min(1.0, horizon / (height - horizon)), 0, None
            )
            pixels[horizon:] += sky[places.astype(np.int32)] * below

    def _faded(self, view: Image.Image, time_s: float) -> Image.Image:
        """Out of the dark, and to black."""
        fade_s = min(FADE_S, FADE_SHARE * self._duration_s)
        share = min(1.0, FIRST + (1 - FIRST) * time_s / fade_s, (self._duration_s - time_s) / fade_s)
        return view if share >= 1 else view.point([round(level * share) for level in range(256)] * 3)

    @property
    def _larger(self) -> tuple[int, int]:
        return camera.larger(self._size[0]), camera.larger(self._size[1])

    def _scene(self, canvas: Canvas, plate: Plate | None = None) -> Scene:
        return scene_of(self._brief.picture, canvas, self._steps, self._seed, plate)

    def _drawn(self, plate: Plate, *, is_lit: bool = True) -> tuple[Pixels, Plate, Stage]:
        scene = self._scene(Canvas(*self._larger, is_lit=is_lit), plate)
        stage = draw_subject(scene, self._seed)
        return scene.canvas.pixels, plate, stage
