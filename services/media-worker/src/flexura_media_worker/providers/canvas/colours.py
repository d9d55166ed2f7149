"""Colours as three shares from 0 to 1, as screens show them."""

Colour = tuple[float, float, float]

WHITE: Colour = (1.0, 1.0, 1.0)
BLACK: Colour = (0.0, 0.0, 0.0)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The first where the share is 0, the other where it is 1."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def times(one: Colour, other: Colour | float) -> Colour:
    by = other if isinstance(other, tuple) else (other, other, other)
    red, green, blue = (a * b for a, b in zip(one, by, strict=True))
    return red, green, blue


def grey(colour: Colour) -> float:
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def faded(colour: Colour, share: float) -> Colour:
    """Closer to its own grey."""
    level = grey(colour)
    return mix(colour, (level, level, level), share)


def as_bytes(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (round(255 * max(0.0, min(1.0, share))) for share in colour)
    return red, green, blue
