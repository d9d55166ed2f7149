"""Text on a test card: any script, wrapped to the room there is, and shortened where it does not fit."""

import unicodedata
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from flexura_media_worker.providers.testcard.layout import Colour

UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me", "Cn"})
SPELLINGS = {
    "\u00df": "ss",
    "\u00e6": "ae",
    "\u00c6": "AE",
    "\u0153": "oe",
    "\u0152": "OE",
    "\u00f8": "o",
    "\u00d8": "O",
    "\u0111": "d",
    "\u0142": "l",
    "\u0141": "L",
    "\u0131": "i",
    "\u00f0": "d",
    "\u00fe": "th",
    "\u2010": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u00d7": "x",
    "\u2022": "\u00b7",
    "\u201e": '"',
    "\u00bf": "?",
    "\u00a1": "!",
}
ELLIPSIS = "\u2026"
HEX_SIZE_MIN = 15  # Below this a box with digits in it is only a blot.
GLYPHS_KEPT = 16_384  # A bound: the process that draws lives long and sees every script.
PROMPT_CHARACTERS_MAX = 600  # More is never drawn; measuring more only costs time.


@lru_cache(64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """The one font that the pillow wheel brings, so that a card looks the same on every machine."""
    loaded = ImageFont.load_default(size)
    if not isinstance(loaded, ImageFont.FreeTypeFont):
        raise TypeError("this pillow was built without FreeType")
    return loaded


def tidy(prompt: str) -> str:
    """One line of characters that can be drawn: no line breaks, no controls, no halves of pairs."""
    text = prompt[: 4 * PROMPT_CHARACTERS_MAX].encode("utf-8", "replace").decode()
    text = unicodedata.normalize("NFC", text)
    text = " ".join("".join(" " if character.isspace() else character for character in text).split())
    visible = "".join(spelled(character) for character in text)
    return visible[:PROMPT_CHARACTERS_MAX] + (ELLIPSIS if len(visible) > PROMPT_CHARACTERS_MAX else "")


@lru_cache(GLYPHS_KEPT)
def spelled(character: str) -> str:
    """How a character is written with what the font has: itself, its letter without the accent, or nothing.

    What is left is another script, of which the code points are drawn.
    """
    if has_glyph(character):
        return character
    if unicodedata.category(character) in UNSEEN:
        return ""
    parts = SPELLINGS.get(character) or unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in parts if has_glyph(part))
    return plain or character


def fitted(text: str, width: int, height: int, size_max: int, size_min: int) -> tuple[list[str], int]:
    """The lines of a text and the largest size at which all of it fits; shortened at the smallest."""
    for size in range(size_max, size_min, -1):
        lines = wrapped(text, width, size)
        if len(lines) * line_height(size) <= height:
            return lines, size
    lines = wrapped(text, width, size_min)
    room = height // line_height(size_min)
    if len(lines) > room:
        lines = [*lines[: room - 1], shortened(lines[room - 1], width, size_min)] if room else []
    return lines, size_min


def wrapped(text: str, width: int, size: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if text_width(candidate, size) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        *whole, line = broken(word, width, size)
        lines.extend(whole)
    return [*lines, line] if line else lines


def broken(word: str, width: int, size: int) -> list[str]:
    """A word in pieces that fit: not every script has spaces."""
    pieces = [""]
    used = 0.0
    for character in word:
        advance = glyph_width(character, size)
        if pieces[-1] and used + advance > width:
            pieces.append("")
            used = 0.0
        pieces[-1] += character
        used += advance
    return pieces


def shortened(line: str, width: int, size: int) -> str:
    while line and text_width(line + ELLIPSIS, size) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS


def line_height(size: int) -> int:
    return round(size * 1.28)


def text_width(text: str, size: int) -> float:
    return sum(glyph_width(character, size) for character in text)


@lru_cache(GLYPHS_KEPT)
def has_glyph(character: str) -> bool:
    """Whether the font can draw it: a character it lacks is drawn as the same box as the one that never exists."""
    if character.isspace():
        return True
    probe = font(16)
    return bytes(probe.getmask(character)) != bytes(probe.getmask("\uffff"))


@lru_cache(GLYPHS_KEPT)
def glyph_width(character: str, size: int) -> float:
    return font(size).getlength(character) if has_glyph(character) else round(size * 0.82)


def draw_centred(image: Image.Image, line: str, centre: tuple[float, float], size: int, colour: Colour) -> None:
    """Draws one line around a point, letter by letter where the font lacks some of them."""
    draw = ImageDraw.Draw(image)
    if all(map(has_glyph, line)):
        draw.text(centre, line, fill=colour, font=font(size), anchor="mm")
        return
    x = centre[0] - text_width(line, size) / 2
    for character in line:
        if has_glyph(character):
            draw.text((x, centre[1]), character, fill=colour, font=font(size), anchor="lm")
        else:
            draw_code_point(draw, character, (x, centre[1]), size, colour)
        x += glyph_width(character, size)


def draw_code_point(
    draw: ImageDraw.ImageDraw, character: str, left_middle: tuple[float, float], size: int, colour: Colour
) -> None:
    """A box with the code point in it: the character can be looked up, which an empty box does not allow."""
    x, y = left_middle
    width, height = glyph_width(character, size) - 2, size * 0.86
    draw.rectangle((x, y - height / 2, x + width, y + height / 2), outline=colour)
    if size < HEX_SIZE_MIN:
        return
    digits = f"{ord(character):04X}".rjust(6 if ord(character) > 0xFFFF else 4, "0")  # noqa: PLR2004  (the last of the basic plane)
    half = len(digits) // 2
    small = font(round(size * (0.44 if half == 2 else 0.34)))  # noqa: PLR2004  (two digits to a row)
    for row, part in enumerate((digits[:half], digits[half:])):
        draw.text((x + width / 2 + 0.5, y + height * (row - 0.5) * 0.46), part, fill=colour, font=small, anchor="mm")
