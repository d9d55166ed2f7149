"""The camera: which part of a larger picture each frame shows."""

from PIL import Image

from flexura_media_worker.providers.motion.brief import Move

MARGIN = 1.12
"""How much larger the picture is than what is seen of it."""


def larger(side: int) -> int:
    return round(side * MARGIN)


def seen(picture: Image.Image, move: Move, progress: float, size: tuple[int, int]) -> Image.Image:
    """Goes from its first place at 0 to its last at 1; sets out and arrives softly."""
    eased = progress * progress * (3 - 2 * progress)
    wide, high = picture.size
    near = {Move.IN: eased, Move.OUT: 1 - eased}.get(move, 1.0)
    width, height = (full - (full - part) * near for full, part in zip(picture.size, size, strict=True))
    across = {Move.LEFT: 1 - eased, Move.RIGHT: eased}.get(move, 0.5)
    left, top = (wide - width) * across, (high - height) * 0.55
    return picture.resize(size, Image.Resampling.BICUBIC, (left, top, left + width, top + height))
