"""A soak: steady work for minutes, and the resident memory of each process every two minutes."""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp

from bench.installation import Installation, free_port, installation
from bench.searches import outside
from bench.searches import settings as search_settings

JOBS_PER_SECOND = 20
SEARCHES_PER_SECOND = 2
STREAMS = 50
LOOK_S = 120.0
GROWTH_MAX = 1.15  # From the first look to the last; caches may still fill, leaks go on.
GROWTH_FREE_MB = 15
POLL_S = 1.0
UNDER_WAY_MAX = 400  # A machine that is too slow for the work is told so, not run over.
SERVICES = {
    "edge": "flexura_edge",
    "auth": "flexura_auth",
    "search": "flexura_search",
    "jobs": "flexura_jobs",
    "media-worker": "flexura_media_worker",
    "webhooks": "flexura_jobs.webhooks",
}
PROGRAMS = {"store": "weed", "nats": "nats-server"}


class Work:
    """What agents do, at a steady pace whatever the answers are."""

    def __init__(self, api: aiohttp.ClientSession, running: Installation) -> None:
        self._api = api
        self._running = running
        self._numbers = itertools.count()
        self._under_way: set[asyncio.Task[None]] = set()
        self.done: Counter[str] = Counter()

    async def pace(self, name: str, act: Any, per_second: float, until: float) -> None:
        began = time.monotonic()
        for number in itertools.count():
            await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            if time.monotonic() > until:
                return
            if len(self._under_way) >= UNDER_WAY_MAX:
                self.done[f"{name} left out"] += 1
                continue
            task = asyncio.create_task(self._count(name, act))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def job(self) -> None:
        number = next(self._numbers)
        body = {
            "prompt": f"a card for {number}, " + "with many words " * 20,
            "model": "flexura-testcard-image",
            "options": {"width": 64, "height": 64},
            "client_ref": f"soak-{number}",
            "metadata": {"number": str(number)},
        }
        path = "/api/generate/image" + ("?wait=20" if number % 2 else "")
        job = await self._asked("POST", path, body)
        while job["status"] not in {"completed", "failed"}:
            await asyncio.sleep(POLL_S)
            job = await self._asked("GET", f"/api/jobs/{job['job_id']}")
        if job["status"] != "completed":
            raise RuntimeError(f"job failed: {job['error']}")
        # The link names localhost; the address spares a look-up each time.
        async with self._api.get(f"/api/assets/{job['asset_url'].rpartition('/')[2]}") as answer:
            await answer.read()
            answer.raise_for_status()

    async def search(self) -> None:
        await self._asked("POST", "/api/search", {"query": f"otters of river {next(self._numbers)}"})

    async def follow(self, until: float) -> None:
        """Reads the feed, and comes back now and then as browsers do."""
        last: dict[str, str] = {}
        while time.monotonic() < until:
            headers = {"Accept": "text/event-stream"} | last
            try:
                async with asyncio.timeout(45), self._api.get("/api/events", headers=headers) as answer:
                    async for line in answer.content:
                        if line.startswith(b"id: "):
                            last = {"Last-Event-ID": line[4:].strip().decode()}
                            self.done["events"] += 1
            except (TimeoutError, aiohttp.ClientError):
                self.done["streams opened again"] += 1

    async def close(self) -> None:
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _count(self, name: str, act: Any) -> None:
        try:
            await act()
            self.done[name] += 1
        except (aiohttp.ClientError, RuntimeError, TimeoutError) as error:
            self.done[f"{name} failed: {error!r:.100}"] += 1

    async def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        async with self._api.request(method, path, json=body) as answer:
            answer.raise_for_status()
            asked: dict[str, Any] = await answer.json()
            return asked


def resident_mb(running: Installation) -> dict[str, float]:
    """Of each service with the processes below it, and of what it needs; a process that is going is not counted."""
    groups = {part: running.pids(module) for part, module in SERVICES.items()}
    groups |= {part: running.programs(program) for part, program in PROGRAMS.items()}
    groups["supervisor"] = [running.supervisor]
    return {part: sum(resident_kb(pid) for pid in pids) / 1024 for part, pids in groups.items()}


def resident_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


async def soak(minutes: float) -> bool:
    with tempfile.TemporaryDirectory(prefix="flexura-soak-") as name:
        folder, port = Path(name), free_port()
        async with installation(folder / "home", **search_settings(folder, port)) as running, outside(folder, port):
            headers = {"Authorization": f"Bearer {running.key}"}
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=30)
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(running.url, headers=headers, timeout=timeout, connector=connector) as api:
                return await under_work(Work(api, running), running, 60 * minutes)


async def under_work(work: Work, running: Installation, seconds: float) -> bool:
    until = time.monotonic() + seconds
    tasks = [asyncio.create_task(work.follow(until)) for _ in range(STREAMS)]
    tasks.append(asyncio.create_task(work.pace("jobs", work.job, JOBS_PER_SECOND, until)))
    tasks.append(asyncio.create_task(work.pace("searches", work.search, SEARCHES_PER_SECOND, until)))
    looks = await looked_at(running, until, min(LOOK_S, seconds / 2))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await work.close()
    grown = [part for part in looks[0] if has_grown(looks[0][part], looks[-1][part])]
    print("no part grew" if not grown else f"grew: {', '.join(grown)}")
    print(", ".join(f"{count} {name}" for name, count in sorted(work.done.items())))
    return not grown


async def looked_at(running: Installation, until: float, every_s: float) -> list[dict[str, float]]:
    """Prints a row of megabytes each time; the last is taken while the work still goes on."""
    began, looks = time.monotonic(), list[dict[str, float]]()
    while time.monotonic() + every_s <= until + every_s / 2:
        await asyncio.sleep(every_s)
        looks.append(resident_mb(running))
        if len(looks) == 1:
            print("minutes" + "".join(f"{part:>14}" for part in looks[0]))
        row = "".join(f"{size:>11.0f} MB" for size in looks[-1].values())
        print(f"{(time.monotonic() - began) / 60:>7.1f}{row}", flush=True)
    return looks


def has_grown(first: float, last: float) -> bool:
    return last > max(first * GROWTH_MAX, first + GROWTH_FREE_MB)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float)
    return 0 if asyncio.run(soak(parser.parse_args().minutes)) else 1


if __name__ == "__main__":
    sys.exit(main())
