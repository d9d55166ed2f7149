"""Renders what the built-in generators make of well-known prompts into one contact sheet."""

import argparse
from pathlib import Path

from gallery.made import middle_of, picture_of, sound_of
from gallery.prompts import FILMS, PICTURES, SOUNDS
from gallery.sheet import COLUMNS, contact_sheet

QUALITY = 88


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the contact sheet, a JPEG or PNG file")
    file = parser.parse_args().file
    pictures = [(prompt, picture_of(prompt)) for prompt in PICTURES]
    films = [(f"{prompt} (film, its middle)", middle_of(prompt)) for prompt in FILMS]
    sounds = [(f"{prompt} (sound)", sound_of(prompt)) for prompt in SOUNDS]
    # The API reference's own prompts come first.
    tiles = [pictures[0], films[0], sounds[0], *pictures[1:], *films[1:], *sounds[1:]]
    contact_sheet(tiles).save(file, quality=QUALITY)
    print(f"{file}: {len(tiles)} prompts in rows of {COLUMNS}")


if __name__ == "__main__":
    main()
