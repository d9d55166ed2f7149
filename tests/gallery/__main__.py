"""Renders what the built-in generators make of well-known prompts into one contact sheet."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from PIL import Image

from flexura_media_worker.domain import GenerationRequest, Lease, MediaType
from flexura_media_worker.providers.canvas import Canvas
from gallery.prompts import PICTURES
from gallery.sheet import COLUMNS, contact_sheet

SEED = 1
QUALITY = 88


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the contact sheet, a JPEG or PNG file")
    file = parser.parse_args().file
    tiles = [(prompt, picture_of(prompt)) for prompt in PICTURES]
    contact_sheet(tiles).save(file, quality=QUALITY)
    print(f"{file}: {len(tiles)} prompts in rows of {COLUMNS}")


def picture_of(prompt: str) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        request = GenerationRequest(
            Lease("", ""), "flexura-canvas", MediaType.IMAGE, "canvas", prompt, {"seed": SEED}, path
        )
        asyncio.run(Canvas().generate(request, lambda _: None))
        with Image.open(path) as image:
            return image.convert("RGB")


if __name__ == "__main__":
    main()
