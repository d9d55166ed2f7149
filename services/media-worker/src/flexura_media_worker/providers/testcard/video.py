"""The test card in motion as an MP4 file: a frame counter, a sweep, blocks that run."""

import math
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

from flexura_media_worker.ports import Progress
from flexura_media_worker.providers.files import Shape
from flexura_media_worker.providers.mp4 import add_pictures, frame_of, open_mp4
from flexura_media_worker.providers.testcard import layout, patterns
from flexura_media_worker.providers.testcard.circle import BLOCKS_ACROSS, fill_band, paste_band, write_foot
from flexura_media_worker.providers.testcard.image import circle_mask, draw_card
from flexura_media_worker.providers.testcard.layout import WHITE, Card
from flexura_media_worker.providers.testcard.options import CardOptions

SWEEP_S = 4.0  # One turn of the hand.


def write_video(path: Path, prompt: str, options: CardOptions, fingerprint: bytes, progress: Progress) -> Shape:
    card = moving_card(prompt, options, fingerprint)
    count = max(1, round(options.duration_s * options.fps))
    with open_mp4(path, "Flexura test card", f"seed={options.seed} {prompt[:200]}") as container:
        stream = add_pictures(container, (card.width, card.height), options.fps)
        for number, picture in enumerate(frames(card, count, options.fps)):
            container.mux(stream.encode(frame_of(picture, number, options.fps)))
            progress((number + 1) / count)
        container.mux(stream.encode())
    return Shape(card.width, card.height, count / options.fps)


def moving_card(prompt: str, options: CardOptions, fingerprint: bytes) -> Card:
    # Colour is kept for squares of two by two pixels: an odd size has no such squares at its edge.
    width, height = options.width // 2 * 2, options.height // 2 * 2
    facts = (f"{width} x {height}", f"{options.fps} fps", f"{options.duration_s:g} s", f"seed {options.seed}")
    return Card(width, height, prompt, "  \u00b7  ".join(facts), "", fingerprint)


def frames(card: Card, count: int, fps: int) -> Iterator[Image.Image]:
    still = draw_card(card)
    mask = circle_mask(card, card.radius)
    for number in range(count):
        picture = still.copy()
        picture.paste(moving_parts(still, card, number, fps), (0, 0), mask)
        draw_hand(picture, card, number / fps)
        yield picture


def moving_parts(still: Image.Image, card: Card, number: int, fps: int) -> Image.Image:
    inner = still.copy()
    phase = number / fps
    paste_band(
        inner, card, layout.BLOCKS, lambda width, height: patterns.blocks(width, height, BLOCKS_ACROSS, phase % 1)
    )
    fill_band(inner, card, layout.FOOT, card.accent)
    write_foot(inner, card, f"{timecode(number, fps)}   {number:04d}")
    return inner


def timecode(number: int, fps: int) -> str:
    seconds, frame = divmod(number, fps)
    return f"{seconds // 60:02d}:{seconds % 60:02d}:{frame:02d}"


def draw_hand(picture: Image.Image, card: Card, time_s: float) -> None:
    """A hand that sweeps around the rim: a frame that is dropped or shown twice is seen as a jerk."""
    angle = 2 * math.pi * time_s / SWEEP_S
    inner, outer = card.radius * 0.9, min(card.radius * 1.1, min(card.width, card.height) / 2)
    width = 0.035
    points = [
        (card.width / 2 + radius * math.sin(angle + side), card.height / 2 - radius * math.cos(angle + side))
        for radius, side in ((inner, 0.0), (outer, -width), (outer, width))
    ]
    ImageDraw.Draw(picture).polygon(points, fill=card.accent, outline=WHITE)
