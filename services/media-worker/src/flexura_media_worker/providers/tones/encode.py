"""Samples as a WAV or MP3 file."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from flexura_media_worker.providers.tones.sound import RATE, Samples
from flexura_media_worker.providers.wav import COMMENT, TITLE, wav

MP3_BITS_PER_S = 192_000
FRAME = 1152
ABOUT = "flexura-tones: composed by rules, not by a neural model"


def write_wav(path: Path, sides: Samples, prompt: str) -> None:
    data = whole_numbers(sides).T.tobytes()
    path.write_bytes(wav(data, RATE, {TITLE: prompt[:200], COMMENT: ABOUT}))


def write_mp3(path: Path, sides: Samples, prompt: str) -> None:
    numbers = whole_numbers(sides)
    # Without this flag the name of the encoder's version stands in the file.
    with av.open(str(path), "w", format="mp3", container_options={"fflags": "bitexact"}) as container:
        container.metadata.update({"title": prompt[:200].encode("utf-8", "replace").decode(), "comment": ABOUT})
        stream = container.add_stream("libmp3lame", rate=RATE, options={"threads": "1"})
        stream.bit_rate, stream.layout, stream.format = MP3_BITS_PER_S, "stereo", "s16p"
        for start in range(0, numbers.shape[1], FRAME):
            block = np.ascontiguousarray(numbers[:, start : start + FRAME])
            frame = av.AudioFrame.from_ndarray(block, format="s16p", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


Writer = Callable[[Path, Samples, str], None]
WRITERS: Mapping[str, tuple[Writer, str]] = {"wav": (write_wav, "audio/wav"), "mp3": (write_mp3, "audio/mpeg")}
"""Of each format the writer and the content type."""


def whole_numbers(sides: Samples) -> NDArray[np.int16]:
    return np.round(sides * 32767).astype("<i2")
