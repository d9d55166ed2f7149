"""Runs every case on a fresh installation, prints the table and writes docs/performance.md."""

import argparse
import asyncio
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

from bench import cases, comparisons
from bench.cases import Row
from bench.drawing import drawing
from bench.installation import free_port, installation
from bench.internal import internal
from bench.load import program as wrk
from bench.peers import internet
from bench.searches import searches
from bench.searches import settings as search_settings
from bench.waiters import waiters

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
PACKAGES = ("aiohttp", "grpcio", "uvloop", "nats-py", "sqlalchemy")
SETTLE_S = 5  # For start-up work to end before anything is measured.


async def measure() -> list[Row]:
    wrk()
    with tempfile.TemporaryDirectory(prefix="flexura-bench-") as name:
        folder = Path(name)
        outside = free_port()
        async with (
            installation(folder / "home", **search_settings(folder, outside)) as running,
            internal(running) as inside,
        ):
            await asyncio.sleep(SETTLE_S)
            rows = said(await cases.at_rest(running))
            rows += said(await cases.pipeline(running, inside))
            rows += said(await cases.submit_to_claimed(running, inside))
            async with running.paused("flexura_media_worker"):
                rows += said(await drawing())
                rows += said(await cases.calls(running))
                rows += said(await cases.reads(running, inside, folder))
                rows += said(await waiters(running, inside, folder))
                rows += said(await searches(running, folder, outside))
                rows += said(await cases.assets(running, inside, folder))
                rows += said(await cases.submits(running))
                rows += said(await comparisons.events(running, inside, folder))
                rows += said(await comparisons.a_million_jobs(running, inside, folder))
    return rows


def said(rows: list[Row]) -> list[Row]:
    for row in rows:
        print(f"{row.case:<66} {row.measured:<46} {row.goal:<10} {verdict(row)}", flush=True)
    return rows


def verdict(row: Row) -> str:
    return {True: "held", False: "MISSED", None: ""}[row.held]


def page(rows: list[Row]) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    table = "\n".join(f"| {row.case} | {row.measured} | {row.goal} | {verdict(row)} |" for row in rows)
    return f"""# Performance

Written by `make bench`, all of it in one run. Figures of another machine differ; the ratios between them should not.

{platform.python_implementation()} {platform.python_version()} on {platform.system()} {platform.machine()}, \
{len(os.sched_getaffinity(0))} cores, shared by the load generator, all services, the broker, the store and the \
peers. {packages}. The installation is the one that `make run` starts: SQLite with `synchronous=FULL`, NATS with \
`sync_interval: always`.

| case | measured | goal | |
|---|---|---|---|
{table}

wrk keeps 64 connections busy, one request each, 8 where an asset is read. Reads of jobs run {cases.READ_ROUNDS} \
times for {cases.READ_S} seconds in
turn with their peers, assets and submits {cases.ROUNDS} times for 5; the median stands here, and of a share of reads \
the median of what
each run reached of the one beside it. Ids are distinct and come from the database. The floor is
the edge's own process with its key check, its error translation and its log line, answering a constant. While reads,
assets and submits are measured the media worker is held still; the pipeline and the time to a claim are measured with
it, through its real slots.

Two engines that take {1000 * internet.ENGINE_S:.0f} ms each are asked side by side for searches; each search is new, \
but for those that were
answered lately. Pages are read by two processes; those of one turn are new to them, and robots.txt is known.

What a picture costs is the processor time of one core, encoding included, over the prompts of `make gallery`.

A waiter is a connection with `GET /api/jobs/{{id}}?wait=60`; its time is that from the answer to the report to its
own first byte. What events cost, and what a million finished jobs slow down, is measured at two more jobs services,
each with a database of its own and an edge before it: {comparisons.ROUNDS} rounds of {comparisons.SECONDS} s \
in turn, and the median of
what the one reached of the other beside it. The other one has {comparisons.FEW_JOBS:,} finished jobs; of both tables \
the caller's are half.
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-page", action="store_true", help="print the table and leave docs/performance.md alone")
    arguments = parser.parse_args()
    measured = asyncio.run(measure())
    if not arguments.no_page:
        PAGE.write_text(page(measured))
