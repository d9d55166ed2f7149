"""The provider itself: a prompt understood, composed, played and encoded."""

import hashlib
import json
from dataclasses import replace

import numpy as np

from flexura_media_worker.domain import GenerationRequest, Media
from flexura_media_worker.ports import Progress
from flexura_media_worker.providers.files import Shape, media_of
from flexura_media_worker.providers.tones.compose import compose
from flexura_media_worker.providers.tones.encode import WRITERS
from flexura_media_worker.providers.tones.mix import mixed
from flexura_media_worker.providers.tones.sound import RATE
from flexura_media_worker.providers.tones.understand import interpretation, read, understand

DURATION_S, DURATION_S_MIN, DURATION_S_MAX = 10.0, 1.0, 60.0
FORMAT = "wav"
MIX_SHARE = 0.85  # Of the progress.


class Tones:
    """Makes music by rules: the same prompt, options and seed give the same bytes."""

    async def generate(self, request: GenerationRequest, progress: Progress) -> Media:
        duration_s = float(request.options.get("duration_s", DURATION_S))
        duration_s = max(DURATION_S_MIN, min(DURATION_S_MAX, duration_s))
        extension = str(request.options.get("format") or FORMAT)
        write, content_type = WRITERS[extension]
        # One source of chance for each task. The format has no say in it: an MP3 is the same piece.
        for_brief, for_notes, for_sound = chance_of(request.prompt, int(request.options.get("seed", 0))).spawn(3)
        prompt = read(request.prompt)
        brief = understand(prompt, for_brief)
        parts = compose(brief, duration_s, for_notes)
        sides = mixed(brief, parts, duration_s, for_sound, lambda fraction: progress(fraction * MIX_SHARE))
        progress(MIX_SHARE)
        write(request.spool_path, sides, request.prompt)
        progress(1.0)
        media = media_of(request.spool_path, content_type, extension, Shape(duration_s=sides.shape[-1] / RATE))
        return replace(media, interpreted_as=interpretation(brief, prompt))


def chance_of(prompt: str, seed: int) -> np.random.Generator:
    digest = hashlib.sha256(json.dumps([prompt, seed]).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, "<u4"))
