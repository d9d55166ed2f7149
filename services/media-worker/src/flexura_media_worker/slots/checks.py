"""Requests that every working provider can carry out: they tell a sick worker from a job that breaks one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from flexura_media_worker.domain import Checkpoint, GenerationRequest, Lease, MediaType

PROMPT = "a house"
# As little work as the providers of this worker take; each passes over the options that it does not have.
SMALLEST: dict[str, Any] = {"width": 64, "height": 64, "steps": 1, "duration_s": 1, "fps": 8, "seed": 1}
# What is asked of a provider that has not been asked for anything yet.
FIRST = {
    "flexura-canvas": (MediaType.IMAGE, "canvas"),
    "flexura-motion": (MediaType.VIDEO, "motion"),
    "flexura-tones": (MediaType.AUDIO, "tones"),
    "flexura-testcard": (MediaType.IMAGE, "image"),
}
KEPT = ("format",)  # Decides which code runs, and not how much of it.


def check_of(request: GenerationRequest, spool_path: Path) -> GenerationRequest:
    """Asks the same provider for something small in the same format."""
    kept = {name: request.options[name] for name in KEPT if name in request.options}
    return replace(
        request,
        prompt=PROMPT,
        options=SMALLEST | kept,
        spool_path=spool_path,
        checkpoint=Checkpoint.NONE,
        upstream_ref="",
    )


def first_request(provider: str) -> GenerationRequest:
    media_type, upstream_model = FIRST[provider]
    return GenerationRequest(Lease("check", provider), provider, media_type, upstream_model, PROMPT, {}, Path())
