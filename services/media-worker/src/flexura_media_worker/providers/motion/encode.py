"""Frames and samples as an MP4 file that begins to play before it is all there."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from PIL import Image

from flexura_media_worker.providers.mp4 import add_pictures, frame_of, open_mp4
from flexura_media_worker.providers.tones.sound import RATE, Samples

COMMENT = "flexura-motion: drawn and composed by rules, not by a neural model"
AUDIO_BITS_PER_S = 128_000
AUDIO_FRAME = 1024


def write_mp4(
    path: Path, frames: Iterable[Image.Image], size: tuple[int, int], fps: int, sides: Samples, title: str
) -> None:
    with open_mp4(path, title[:200], COMMENT) as container:
        pictures = add_pictures(container, size, fps)
        sound = container.add_stream("aac", rate=RATE, options={"threads": "1", "flags": "+bitexact"})
        sound.bit_rate, sound.layout, sound.format = AUDIO_BITS_PER_S, "stereo", "fltp"
        heard = Sound(container, sound, sides)
        for number, image in enumerate(frames):
            container.mux(pictures.encode(frame_of(image, number, fps)))
            # What is heard lies beside what is seen: a player need not look ahead for it.
            heard.encode_until((number + 1) / fps)
        container.mux(pictures.encode())
        heard.encode_rest()


class Sound:
    def __init__(self, container: OutputContainer, stream: AudioStream, sides: Samples) -> None:
        self._container = container
        self._stream = stream
        self._sides = np.ascontiguousarray(sides, np.float32)
        self._next = 0

    def encode_until(self, time_s: float) -> None:
        while self._next < min(time_s * RATE, self._sides.shape[1]):
            block = np.ascontiguousarray(self._sides[:, self._next : self._next + AUDIO_FRAME])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, self._next, Fraction(1, RATE)
            self._container.mux(self._stream.encode(frame))
            self._next += AUDIO_FRAME

    def encode_rest(self) -> None:
        self.encode_until(self._sides.shape[1] / RATE)
        self._container.mux(self._stream.encode())
