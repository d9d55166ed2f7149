"""Pictures as an MP4 file that plays everywhere (H.264, yuv420p) and begins to before it is all there."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image

# One thread: the same frames must give the same bytes on every machine.
ENCODER = {"preset": "veryfast", "crf": "20", "threads": "1"}
CONTAINER = {"movflags": "faststart", "fflags": "bitexact"}
BT709 = 1
BROADCAST_RANGE = 1  # 16 to 235.


def open_mp4(path: Path, title: str, comment: str) -> OutputContainer:
    container = av.open(str(path), "w", format="mp4", container_options=CONTAINER)
    facts = {"title": title, "comment": comment}
    container.metadata.update({name: fact.encode("utf-8", "replace").decode() for name, fact in facts.items()})
    return container


def add_pictures(container: OutputContainer, size: tuple[int, int], fps: int) -> VideoStream:
    stream = container.add_stream("libx264", rate=Fraction(fps), options=ENCODER)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    codec = stream.codec_context
    codec.color_primaries = codec.color_trc = codec.colorspace = BT709
    codec.color_range = BROADCAST_RANGE
    return stream


def frame_of(picture: Image.Image, number: int, fps: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
    frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
    frame.pts, frame.time_base = number, Fraction(1, fps)
    return frame
