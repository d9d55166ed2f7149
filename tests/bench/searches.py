"""Searches: what they cost beside the engines, from the cache, and with pages to read."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bench.cases import Row, shown
from bench.installation import Installation, answering, program
from bench.load import load
from bench.peers import internet

PER_SECOND = 100
SEARCHES = 1000
CACHED_ROUNDS = 3
READ_ROUNDS = 9
PAGES = 10
ANSWER_S = 20.0
KEYS = "key-of-the-benchmark"


def settings(folder: Path, port: int) -> dict[str, str]:
    """Two engines and a web, all of them on one port of this machine."""
    key_file = folder / "exa-key"
    key_file.write_text(KEYS)
    url = f"http://127.0.0.1:{port}"
    return {
        "FLEXURA_SEARXNG_URL": url,
        "FLEXURA_EXA_URL": url,
        "FLEXURA_EXA_KEY_FILE": str(key_file),
        "FLEXURA_KEYLESS": "",
        "FLEXURA_READER_NETWORKS": "127.0.0.1/32",
        "FLEXURA_READER_PORTS": str(port),
        # A moment in which the machine stands still is to be seen as time, not as a refusal.
        "FLEXURA_SEARCHES_OF_ACCOUNT_MAX": "256",
    }


@asynccontextmanager
async def outside(folder: Path, port: int) -> AsyncIterator[str]:
    command = [sys.executable, str(internet.__file__), str(port)]
    url = f"http://127.0.0.1:{port}"
    async with program(command, folder / "internet.log", {}) as process:
        await answering(f"{url}/page/first", process)
        yield url


async def searches(running: Installation, folder: Path, port: int) -> list[Row]:
    headers = {"Authorization": f"Bearer {running.key}", "Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    async with (
        outside(folder, port) as web,
        aiohttp.ClientSession(running.url, headers=headers, timeout=timeout) as api,
    ):
        return [*await own_share(api), *await cached(running), *await reading(api, web)]


async def own_share(api: aiohttp.ClientSession) -> list[Row]:
    """What a search takes beyond the engines' own time; each one is new."""
    began = time.monotonic() + 0.1

    async def search(number: int) -> float:
        start = began + number / PER_SECOND
        await asyncio.sleep(start - time.monotonic())
        await answer_of(api, "/api/search", query=f"otters of river {number}", content="none")
        return 1000 * (time.monotonic() - start - internet.ENGINE_S)

    spent = sorted(await asyncio.gather(*(search(number) for number in range(SEARCHES))))
    p50, p95 = statistics.median(spent), spent[int(len(spent) * 0.95)]
    case = f"Search beyond engines of {internet.ENGINE_S * 1000:.0f} ms, {PER_SECOND}/s"
    return [
        Row(f"{case}, p50", f"{p50:.1f} ms", "15 ms", p50 <= 15),
        Row(f"{case}, p95", f"{p95:.1f} ms", "40 ms", p95 <= 40),
    ]


async def cached(running: Installation) -> list[Row]:
    body = json.dumps({"query": "otters of river 1", "content": "none"})
    requests = [f"/api/search\t{body}"]
    runs = [
        await load(running.url, requests, key=running.key, method="POST", connections=32) for _ in range(CACHED_ROUNDS)
    ]
    rate = statistics.median(run.per_second for run in runs)
    held = rate >= 1000 and not any(run.refused or run.broken for run in runs)
    return [Row("Search that was answered lately", shown(runs), "1000/s", held)]


async def reading(api: aiohttp.ClientSession, web: str) -> list[Row]:
    """Ten pages at once, read and highlighted, beyond what fetching them takes."""
    spent = []
    for turn in range(READ_ROUNDS):
        urls = [f"{web}/page/{turn}-{number}" for number in range(PAGES)]
        fetching = await seconds_of_fetching(urls)
        began = time.monotonic()
        answer = await answer_of(api, "/api/extract", urls=urls, query="fish under cold stones")
        spent.append(1000 * (time.monotonic() - began - fetching))
        if any(page["error"] or not page["highlights"] for page in answer["pages"]):
            raise SystemExit("a page of the benchmark was not read")
    typical = statistics.median(spent)
    case = f"{PAGES} pages of {internet.PAGE_BYTES // 1000} kB read and highlighted, beyond the fetch"
    return [Row(case, f"{typical:.0f} ms", "400 ms", typical <= 400)]


async def seconds_of_fetching(urls: list[str]) -> float:
    async def fetch(url: str) -> None:
        async with session.get(url) as answer:
            await answer.read()

    async with aiohttp.ClientSession() as session:
        began = time.monotonic()
        await asyncio.gather(*map(fetch, urls))
        return time.monotonic() - began


async def answer_of(api: aiohttp.ClientSession, path: str, **fields: object) -> dict[str, list[dict[str, object]]]:
    async with api.post(path, data=json.dumps(fields)) as answer:
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}: {await answer.text()}")
        return await answer.json()  # type: ignore[no-any-return]
