"""The provider itself: a prompt understood, filmed, set to music and encoded."""

from collections.abc import Iterator
from dataclasses import replace

from PIL import Image

from flexura_media_worker.domain import GenerationRequest, Media
from flexura_media_worker.ports import Progress
from flexura_media_worker.providers.canvas.compose import Task, chance
from flexura_media_worker.providers.canvas.provider import STEPS
from flexura_media_worker.providers.files import Shape, media_of
from flexura_media_worker.providers.motion.encode import write_mp4
from flexura_media_worker.providers.motion.film import Film
from flexura_media_worker.providers.motion.music import music
from flexura_media_worker.providers.motion.understand import interpretation, understand
from flexura_media_worker.providers.prompts import Prompt
from flexura_media_worker.providers.seeds import seed_of

WIDTH, HEIGHT = 768, 432
DURATION_S = 4.0
FPS = 24


class Motion:
    """Makes films by rules: the same prompt, options and seed give the same bytes."""

    async def generate(self, request: GenerationRequest, progress: Progress) -> Media:
        options = request.options
        width, height = int(options.get("width", WIDTH)), int(options.get("height", HEIGHT))
        fps = int(options.get("fps", FPS))
        count = max(1, round(float(options.get("duration_s", DURATION_S)) * fps))
        prompt = Prompt(request.prompt)
        brief = understand(prompt)
        seed = seed_of(request.prompt, options)
        sides = music(brief.music, count / fps, chance(seed, Task.MUSIC))
        film = Film(brief, (width, height), count / fps, int(options.get("steps", STEPS)), seed)

        def frames() -> Iterator[Image.Image]:
            for number in range(count):
                yield film.frame(number / fps)
                progress((number + 1) / count)

        write_mp4(request.spool_path, frames(), (width, height), fps, sides, request.prompt)
        media = media_of(request.spool_path, "video/mp4", "mp4", Shape(width, height, count / fps))
        return replace(media, interpreted_as=interpretation(brief, prompt))
