"""The ground of a test card: grid, border, stars in the corners, wedges beside the circle."""

import numpy as np
from PIL import Image, ImageDraw

from flexura_media_worker.providers.testcard import patterns
from flexura_media_worker.providers.testcard.layout import CELLS, CIRCLE, FIELD, GRID, WHITE, Card, Colour
from flexura_media_worker.providers.testcard.patterns import Pixels


def draw_field(card: Card) -> Image.Image:
    """The ground, its grid and borders, and the patterns beside the circle."""
    image = Image.new("RGB", (card.width, card.height), tinted(FIELD, card.accent))
    draw_grid(image)
    draw_border(image)
    draw_corners(image, card)
    draw_sides(image, card)
    return image


def tinted(colour: Colour, accent: Colour) -> Colour:
    red, green, blue = (round(0.9 * c + 0.1 * a) for c, a in zip(colour, accent, strict=True))
    return red, green, blue


def cell(image: Image.Image) -> float:
    return min(image.size) / CELLS


def draw_grid(image: Image.Image) -> None:
    """Squares around the middle: a picture that is stretched shows it here."""
    draw = ImageDraw.Draw(image)
    for axis, length in enumerate(image.size):
        thickness = max(1, round(min(image.size) / 512))
        for k in range(-int(length / 2 / cell(image)), int(length / 2 / cell(image)) + 1):
            at = round(length / 2 + k * cell(image) - thickness / 2)
            box = (at, 0, at + thickness - 1, image.height) if axis == 0 else (0, at, image.width, at + thickness - 1)
            draw.rectangle(box, fill=GRID)


def draw_border(image: Image.Image) -> None:
    """Blocks along the edges, in step with the grid: what a screen cuts off is missing here."""
    width, height = image.size
    depth = max(2, round(cell(image) * 0.3))
    across, down = (2 * round(length / cell(image) / 2) + 1 for length in image.size)
    row = Image.fromarray(patterns.blocks(width, depth, across))
    column = Image.fromarray(patterns.blocks(height, depth, down).transpose(1, 0, 2).copy())
    for corner in ((0, 0), (0, height - depth)):
        image.paste(row, corner)
    for corner in ((0, 0), (width - depth, 0)):
        image.paste(column, corner)


def draw_corners(image: Image.Image, card: Card) -> None:
    """Four stars, as far in the corners as the borders leave room."""
    size = round(cell(image) * 1.9)
    ring = max(1, round(size * 0.05))
    inset = round(cell(image) * 0.55)
    tile = Image.fromarray(patterns.star(size))
    mask = Image.fromarray((patterns.disc(size, size, size / 2 - ring) * 255).astype(np.uint8))
    rim = Image.fromarray((patterns.disc(size, size, size / 2 - 0.5) * 255).astype(np.uint8))
    for x in (inset, card.width - inset - size):
        for y in (inset, card.height - inset - size):
            image.paste(WHITE, (x, y), rim)
            image.paste(tile, (x, y), mask)


def draw_sides(image: Image.Image, card: Card) -> None:
    """Wedges in the room that a wide or tall card leaves beside the circle."""
    unit = cell(image)
    spare = (max(image.size) - min(image.size)) / 2 + (0.5 - CIRCLE) * min(image.size) - unit
    length = round(min(spare * 0.78, 4 * unit))
    if length < unit:
        return
    pointing = framed(patterns.wedge(length, round(2.4 * unit)))
    if card.width >= card.height:
        paste_centred(image, pointing, (unit * 0.5 + spare / 2, card.height / 2))
        paste_centred(image, pointing[:, ::-1], (card.width - unit * 0.5 - spare / 2, card.height / 2))
    else:
        paste_centred(image, pointing.transpose(1, 0, 2), (card.width / 2, unit * 0.5 + spare / 2))
        paste_centred(image, pointing.transpose(1, 0, 2)[::-1], (card.width / 2, card.height - unit * 0.5 - spare / 2))


def framed(pixels: Pixels) -> Pixels:
    edge = max(1, pixels.shape[0] // 40)
    return np.pad(pixels, ((edge, edge), (edge, edge), (0, 0)), constant_values=WHITE[0])


def paste_centred(image: Image.Image, pixels: Pixels, centre: tuple[float, float]) -> None:
    height, width = pixels.shape[:2]
    corner = round(centre[0] - width / 2), round(centre[1] - height / 2)
    image.paste(Image.fromarray(np.ascontiguousarray(pixels)), corner)
