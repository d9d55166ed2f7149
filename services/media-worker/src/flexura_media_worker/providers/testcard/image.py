"""The test card as a PNG file."""

from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from flexura_media_worker.providers.files import Shape
from flexura_media_worker.providers.testcard import patterns
from flexura_media_worker.providers.testcard.circle import draw_circle
from flexura_media_worker.providers.testcard.field import draw_field
from flexura_media_worker.providers.testcard.layout import WHITE, Card
from flexura_media_worker.providers.testcard.options import CardOptions

PNG_LEVEL = 4  # Half the time of the default for a tenth more bytes.


def write_image(path: Path, prompt: str, options: CardOptions, fingerprint: bytes) -> Shape:
    settings = f"{options.width} x {options.height}  \u00b7  steps {options.steps}  \u00b7  seed {options.seed}"
    card = Card(options.width, options.height, prompt, settings, f"SEED {options.seed}", fingerprint)
    facts = PngImagePlugin.PngInfo()
    facts.add_itxt("Title", "Flexura test card")
    facts.add_itxt("Description", prompt.encode("utf-8", "replace").decode(), zip=True)
    facts.add_itxt("Comment", f"seed={options.seed} steps={options.steps}")
    draw_card(card).save(path, "PNG", compress_level=PNG_LEVEL, pnginfo=facts)
    return Shape(card.width, card.height)


def draw_card(card: Card) -> Image.Image:
    image = draw_field(card)
    ring = max(1.5, card.radius * 0.012)
    image.paste(WHITE, (0, 0), circle_mask(card, card.radius + ring))
    image.paste(draw_circle(card), (0, 0), circle_mask(card, card.radius))
    return image


def circle_mask(card: Card, radius: float) -> Image.Image:
    return Image.fromarray((patterns.disc(card.width, card.height, radius) * 255).astype(np.uint8))
