"""Frames and samples as an MP4 file that begins to play before it is all there."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from PIL import Image

from flexura_media_worker.providers.tones.sound import RATE, Samples

# One thread: the same frames must give the same bytes on every machine.
ENCODER = {"preset": "veryfast", "crf": "20", "threads": "1"}
CONTAINER = {"movflags": "faststart", "fflags": "bitexact"}
COMMENT = "flexura-motion: drawn and composed by rules, not by a neural model"
AUDIO_BITS_PER_S = 128_000
AUDIO_FRAME = 1024
BT709 = 1


def write_mp4(
    path: Path, frames: Iterable[Image.Image], size: tuple[int, int], fps: int, sides: Samples, title: str
) -> None:
    with av.open(str(path), "w", format="mp4", container_options=CONTAINER) as container:
        container.metadata.update({"title": title[:200].encode("utf-8", "replace").decode(), "comment": COMMENT})
        picture = container.add_stream("libx264", rate=Fraction(fps), options=ENCODER)
        picture.width, picture.height, picture.pix_fmt = *size, "yuv420p"
        codec = picture.codec_context
        codec.color_primaries = codec.color_trc = codec.colorspace = BT709
        codec.color_range = 1  # 16 to 235, as broadcast has it.
        sound = container.add_stream("aac", rate=RATE, options={"threads": "1", "flags": "+bitexact"})
        sound.bit_rate, sound.layout, sound.format = AUDIO_BITS_PER_S, "stereo", "fltp"
        heard = Sound(container, sound, sides)
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(picture.encode(frame))
            # What is heard lies beside what is seen: a player need not look ahead for it.
            heard.encode_until((number + 1) / fps)
        container.mux(picture.encode())
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
