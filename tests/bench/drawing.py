"""What the built-in generators cost: processor time and memory of a process that does nothing else."""

import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from gallery.prompts import PICTURES

from bench.cases import Row
from flexura_media_worker.domain import GenerationRequest, Lease, MediaType
from flexura_media_worker.providers.canvas import Canvas

SIDE = 1024
LARGE_SIDE = 2048
LARGE = ("red desert canyon, ink", "misty mountains at sunrise, watercolour")  # What takes most.
DRAW_S = 120.0
LONGEST_S = 1.0
PEAK_MB = 500


async def drawing() -> list[Row]:
    """Has a process of its own draw, so that its memory is that of the drawing."""
    command = [sys.executable, "-m", "bench.drawing"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), DRAW_S)
    finally:
        if process.returncode is None:
            process.kill()
    found = json.loads(printed)
    longest, median, peak_mb = max(found["spent_s"]), statistics.median(found["spent_s"]), found["peak_mb"]
    case = f"Canvas, {SIDE} x {SIDE}, longest of {len(PICTURES)} prompts"
    return [
        Row(case, f"{longest:.2f} s, median {median:.2f} s", f"{LONGEST_S} s", longest <= LONGEST_S),
        Row(
            f"Canvas, {LARGE_SIDE} x {LARGE_SIDE}, memory of the process that draws",
            f"{peak_mb:.0f} MB",
            f"{PEAK_MB} MB",
            peak_mb <= PEAK_MB,
        ),
    ]


def draw_all() -> None:
    spent = []
    for prompt in PICTURES:
        began = time.process_time()
        draw(prompt, SIDE)
        spent.append(time.process_time() - began)
    for prompt in LARGE:
        draw(prompt, LARGE_SIDE)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"spent_s": spent, "peak_mb": peak_mb}))


def draw(prompt: str, side: int) -> None:
    options = {"width": side, "height": side, "seed": 1}
    with tempfile.TemporaryDirectory(prefix="flexura-drawing-") as folder:
        path = Path(folder) / "picture"
        request = GenerationRequest(Lease("", ""), "flexura-canvas", MediaType.IMAGE, "canvas", prompt, options, path)
        asyncio.run(Canvas().generate(request, lambda _: None))


if __name__ == "__main__":
    draw_all()
