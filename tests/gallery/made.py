"""What each built-in generator makes of a prompt, as a picture to look at."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from flexura_media_worker.domain import GenerationRequest, Lease, MediaType
from flexura_media_worker.ports import Provider
from flexura_media_worker.providers.canvas import Canvas
from flexura_media_worker.providers.motion import Motion
from flexura_media_worker.providers.tones import Tones
from gallery.spectrogram import spectrogram

SEED = 1
RATE = 48_000
PROVIDERS: Mapping[MediaType, type[Provider]] = {
    MediaType.IMAGE: Canvas,
    MediaType.VIDEO: Motion,
    MediaType.AUDIO: Tones,
}


def make(media_type: MediaType, prompt: str, path: Path, **options: Any) -> None:
    request = GenerationRequest(Lease("", ""), "", media_type, "", prompt, {"seed": SEED, **options}, path)
    asyncio.run(PROVIDERS[media_type]().generate(request, lambda _: None))


def picture_of(prompt: str) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        make(MediaType.IMAGE, prompt, path)
        with Image.open(path) as image:
            return image.convert("RGB")


def middle_of(prompt: str) -> Image.Image:
    """The middle frame of a film, cut to a square."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        make(MediaType.VIDEO, prompt, path)
        with av.open(str(path)) as container:
            frames = list(container.decode(container.streams.video[0]))
        image = frames[len(frames) // 2].to_image()
    left = (image.width - image.height) // 2
    return image.crop((left, 0, left + image.height, image.height))


def sound_of(prompt: str) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound"
        make(MediaType.AUDIO, prompt, path)
        with av.open(str(path)) as container:
            blocks = [frame.to_ndarray() for frame in container.decode(container.streams.audio[0])]
    samples = np.concatenate(blocks, axis=1).astype(np.float32).reshape(-1, 2).mean(axis=1) / 32768
    return spectrogram(samples, RATE)
