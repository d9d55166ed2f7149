"""The circle of a test card: bars, centre cross, the plate with the prompt, bursts and ramp."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from flexura_media_worker.providers.testcard import layout, patterns, text
from flexura_media_worker.providers.testcard.layout import BLACK, WHITE, Band, Card, Colour
from flexura_media_worker.providers.testcard.patterns import Pixels

BLOCKS_ACROSS = 15
NAME = "FLEXURA"
DIM = (150, 154, 160)


def draw_circle(card: Card) -> Image.Image:
    """All bands at the size of the card; the caller cuts the circle out of them."""
    image = Image.new("RGB", (card.width, card.height), BLACK)
    fill_band(image, card, layout.NAME, WHITE)
    paste_band(image, card, layout.BLOCKS, lambda width, height: patterns.blocks(width, height, BLOCKS_ACROSS))
    paste_band(image, card, layout.BARS, patterns.colour_bars)
    draw_centre(image, card)
    paste_band(image, card, layout.BURST, patterns.multiburst)
    paste_band(image, card, layout.RAMP, patterns.grey_ramp)
    fill_band(image, card, layout.FOOT, card.accent)
    write_name(image, card)
    write_plate(image, card)
    write_foot(image, card, card.foot)
    return image


def fill_band(image: Image.Image, card: Card, band: Band, colour: Colour) -> None:
    top, bottom = card.rows(band)
    image.paste(colour, (0, top, card.width, bottom))


def paste_band(image: Image.Image, card: Card, band: Band, pattern: Callable[[int, int], Pixels]) -> None:
    """A pattern as wide as the circle is at the wider edge of the band, so that none of its parts is cut off whole."""
    top, bottom = card.rows(band)
    half = round(chord(card, min(abs(band[0]), abs(band[1]))))
    image.paste(Image.fromarray(pattern(2 * half, bottom - top)), (round(card.width / 2) - half, top))


def chord(card: Card, height: float) -> float:
    """Half the width of the circle at a height given in radii."""
    return float(card.radius * np.sqrt(max(0.0, 1 - height * height)))


def draw_centre(image: Image.Image, card: Card) -> None:
    """The cross on the very middle of the picture, with ticks, between two wedges that point at it."""
    top, bottom = card.rows(layout.CENTRE)
    length, height = round(card.radius * 0.58), round((bottom - top) * 0.82)
    wedge = patterns.wedge(length, height)
    middle = round((top + bottom) / 2 - height / 2)
    image.paste(Image.fromarray(wedge), (round(card.width / 2 - card.radius * 0.86), middle))
    mirrored = Image.fromarray(np.ascontiguousarray(wedge[:, ::-1]))
    image.paste(mirrored, (round(card.width / 2 + card.radius * 0.86) - length, middle))
    draw_cross(ImageDraw.Draw(image), card, top, bottom)


def draw_cross(draw: ImageDraw.ImageDraw, card: Card, top: int, bottom: int) -> None:
    # As many pixels as keep both sides equal: the middle of an even width lies between two pixels.
    across, down = 2 - card.width % 2, 2 - card.height % 2
    left, upper = (card.width - across) // 2, (card.height - down) // 2
    arm = round(card.radius * 0.24)
    draw.rectangle((left, top, left + across - 1, bottom - 1), fill=WHITE)
    draw.rectangle((left - arm, upper, left + arm + across - 1, upper + down - 1), fill=WHITE)
    tick = max(1, round(card.radius * 0.025))
    for step in (-4, -3, -2, -1, 1, 2, 3, 4):
        x = left + round(step * arm / 4)
        draw.rectangle((x, upper - tick, x + across - 1, upper + tick + down - 1), fill=WHITE)


def write_name(image: Image.Image, card: Card) -> None:
    size = round(card.radius * 0.15)
    if size < layout.TEXT_SIZE_MIN:
        return
    top, bottom = card.rows((-1.0, layout.NAME[1]))
    spacing = size * 0.28
    width = text.text_width(NAME, size) + spacing * (len(NAME) - 1)
    x = card.width / 2 - width / 2
    for letter in NAME:
        advance = text.glyph_width(letter, size)
        text.draw_centred(image, letter, (x + advance / 2, top + (bottom - top) * 0.6), size, BLACK)
        x += advance + spacing


def write_plate(image: Image.Image, card: Card) -> None:
    """The prompt as large as the plate allows, and the settings below it."""
    top, bottom = card.rows(layout.PLATE)
    small = max(layout.TEXT_SIZE_MIN, round(card.radius * 0.052))
    width = round(2 * chord(card, layout.PLATE[1]) - card.radius * 0.14)
    room = bottom - top - round(small * 2.4)
    if room < small or width < 6 * small:
        return
    lines, size = text.fitted(text.tidy(card.prompt), width, room, max(small, round(card.radius * 0.125)), small)
    step = text.line_height(size)
    first = top + small * 0.5 + room / 2 - step * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        text.draw_centred(image, line, (card.width / 2, first + number * step), size, WHITE)
    settings, settings_size = text.fitted(card.settings, width, text.line_height(small), small, layout.TEXT_SIZE_MIN)
    for line in settings[:1]:
        text.draw_centred(image, line, (card.width / 2, bottom - small * 1.05), settings_size, DIM)


def write_foot(image: Image.Image, card: Card, words: str) -> None:
    size = round(card.radius * 0.095)
    if size < layout.TEXT_SIZE_MIN:
        return
    top, bottom = card.rows((layout.FOOT[0], 1.0))
    text.draw_centred(image, words, (card.width / 2, top + (bottom - top) * 0.4), size, BLACK)
