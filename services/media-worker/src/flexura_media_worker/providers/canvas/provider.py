"""The provider itself: a prompt understood, drawn and encoded."""

from dataclasses import replace

from PIL import PngImagePlugin

from flexura_media_worker.domain import GenerationRequest, Media
from flexura_media_worker.ports import Progress
from flexura_media_worker.providers.canvas.compose import draw
from flexura_media_worker.providers.canvas.understand import interpretation, understand
from flexura_media_worker.providers.files import Shape, media_of
from flexura_media_worker.providers.prompts import Prompt
from flexura_media_worker.providers.seeds import seed_of

SIZE = 1024
STEPS = 4
PNG_LEVEL = 2  # A third of the time of the default for a tenth more bytes.


class Canvas:
    """Draws what a prompt says by rules: the same prompt, options and seed give the same bytes."""

    async def generate(self, request: GenerationRequest, progress: Progress) -> Media:
        width, height = (int(request.options.get(side, SIZE)) for side in ("width", "height"))
        prompt = Prompt(request.prompt)
        brief = understand(prompt)
        seed = seed_of(request.prompt, request.options)
        image = draw(brief, width, height, int(request.options.get("steps", STEPS)), seed)
        progress(0.8)
        facts = PngImagePlugin.PngInfo()
        facts.add_itxt("Description", request.prompt.encode("utf-8", "replace").decode(), zip=True)
        facts.add_itxt("Comment", "flexura-canvas: procedural, not a neural model")
        image.save(request.spool_path, "PNG", compress_level=PNG_LEVEL, pnginfo=facts)
        media = media_of(request.spool_path, "image/png", "png", Shape(width, height))
        return replace(media, interpreted_as=interpretation(brief, prompt))
