"""What the built-in generators cost: processor time and memory of a process that does nothing else."""

import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gallery.made import make
from gallery.prompts import FILMS, PICTURES, SOUNDS

from bench.cases import Row
from flexura_media_worker.domain import MediaType

PROCESS_S = 180.0
PEAK_MB = 500
PICTURE_S, FILM_S, SOUND_S = 1.0, 12.0, 1.5
SIDE = 1024
# What takes most memory.
LARGE_PICTURES = ("red desert canyon, ink", "misty mountains at sunrise, watercolour")
LARGE_PICTURE = {"width": 2048, "height": 2048}
LARGE_FILM = {"width": 1280, "height": 720, "duration_s": 2}
LONG_SOUND = {"duration_s": 60}
STORMY_FILM = "a lighthouse at dusk in a storm"


async def drawing() -> list[Row]:
    rows = []
    for name, limit_s, timed, large_name, large in (
        (f"Canvas, {SIDE} x {SIDE}, longest of {len(PICTURES)} prompts", PICTURE_S, "pictures",
         "Canvas, 2048 x 2048, memory", "large-pictures"),
        ("Motion, 768 x 432, 4 s, longest of 2 prompts", FILM_S, "films",
         "Motion, 1280 x 720, memory", "large-films"),
        (f"Tones, 10 s, longest of {len(SOUNDS)} prompts", SOUND_S, "sounds", "Tones, 60 s, memory", "long-sounds"),
    ):  # fmt: skip
        spent, _ = await measured(timed)
        longest = max(spent)
        value = f"{longest:.2f} s, median {statistics.median(spent):.2f} s"
        rows.append(Row(name, value, f"{limit_s} s", longest <= limit_s))
        _, peak_mb = await measured(large)
        rows.append(Row(large_name, f"{peak_mb:.0f} MB", f"{PEAK_MB} MB", peak_mb <= PEAK_MB))
    return rows


async def measured(work: str) -> tuple[list[float], float]:
    """A process of its own does the work, so that its memory is that of the work."""
    command = [sys.executable, "-m", "bench.drawing", work]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), PROCESS_S)
    finally:
        if process.returncode is None:
            process.kill()
    found = json.loads(printed)
    return found["spent_s"], found["peak_mb"]


WORKS: dict[str, Callable[[], list[float]]] = {
    "pictures": lambda: spent_on(MediaType.IMAGE, PICTURES, width=SIDE, height=SIDE),
    "large-pictures": lambda: spent_on(MediaType.IMAGE, LARGE_PICTURES, **LARGE_PICTURE),
    "films": lambda: spent_on(MediaType.VIDEO, (*FILMS, STORMY_FILM)),
    "large-films": lambda: spent_on(MediaType.VIDEO, FILMS, **LARGE_FILM),
    "sounds": lambda: spent_on(MediaType.AUDIO, SOUNDS, duration_s=10),
    "long-sounds": lambda: spent_on(MediaType.AUDIO, SOUNDS[:2], **LONG_SOUND),
}


def spent_on(media_type: MediaType, prompts: Sequence[str], **options: Any) -> list[float]:
    """Seconds of processor time, for each prompt."""
    spent = []
    with tempfile.TemporaryDirectory(prefix="flexura-drawing-") as folder:
        for prompt in prompts:
            began = time.process_time()
            make(media_type, prompt, Path(folder) / "made", **options)
            spent.append(time.process_time() - began)
    return spent


if __name__ == "__main__":
    spent_s = WORKS[sys.argv[1]]()
    print(json.dumps({"spent_s": spent_s, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
