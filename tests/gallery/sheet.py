"""Pictures in rows, each over its prompt."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

COLUMNS = 6
TILE = 280
GAP = 16
CAPTION = 44
LINE = 18
SIZE = 14
GROUND = (250, 249, 246)
TEXT = (58, 58, 64)


def contact_sheet(tiles: Sequence[tuple[str, Image.Image]]) -> Image.Image:
    rows = -(-len(tiles) // COLUMNS)
    size = (COLUMNS * (TILE + GAP) + GAP, rows * (TILE + CAPTION + GAP) + GAP)
    sheet = Image.new("RGB", size, GROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(SIZE)
    for number, (prompt, picture) in enumerate(tiles):
        left = GAP + number % COLUMNS * (TILE + GAP)
        top = GAP + number // COLUMNS * (TILE + CAPTION + GAP)
        sheet.paste(picture.resize((TILE, TILE), Image.Resampling.LANCZOS), (left, top))
        for place, line in enumerate(lines_of(prompt, font)[:2]):
            draw.text((left, top + TILE + 6 + place * LINE), line, TEXT, font)
    return sheet


def lines_of(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    """Breaks between words where a line is full."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= TILE:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
