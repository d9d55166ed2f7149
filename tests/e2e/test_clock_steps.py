"""Wall clocks are set forward and back by two hours under load: every part goes on, no job ends by its deadline."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from e2e.test_webhooks import Listener, ask, listener, session_of
from integration.search.engine_peers import Asked, Mode, json_of, peer
from servers.client import Client, client
from servers.faketime import FAKED, library, set_clock
from servers.installation import Installation, installation
from servers.waiting import eventually

PROGRAM = str(Path(__file__).parents[1] / "servers" / "clocks.py")
STEP_S = 7200
ENDS_WITHIN_S = 60
JOBS_PER_STEP = 8
PAUSE_S = 0.2  # Between jobs: those of a step take longer than the second after which libfaketime looks at its file.
SLOW_JOB_S = 4.0  # Longer than a leader's lease: a step in its midst must not take it from its worker.


@dataclass(frozen=True)
class Stepped:
    """An installation, the folder of the files that set its clocks, and who uses it."""

    flexura: Installation
    clocks: Path
    api: Client
    session: aiohttp.ClientSession
    here: Listener

    def step(self, parts: tuple[str, ...], offset_s: int) -> None:
        for part in parts:
            set_clock(self.clocks / part, offset_s)

    def log_of(self, part: str) -> str:
        return (self.flexura.home.folder / "log" / f"{part}.log").read_text(errors="replace")

    def told(self) -> set[str]:
        """The jobs of which webhooks have told."""
        return {json.loads(body)["data"]["job_id"] for _, _, body in self.here.taken}


@asynccontextmanager
async def stepped(folder: Path) -> AsyncIterator[Stepped]:
    clocks = folder / "clocks"
    clocks.mkdir()
    for part in FAKED:
        set_clock(clocks / part, 0)
    settings = {"CLOCKS_LIBRARY": library(), "CLOCKS_FOLDER": str(clocks), "FLEXURA_KEYLESS": ""}
    settings |= {"FLEXURA_WEBHOOKS_NETWORKS": "127.0.0.1/32"}
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(peer(found, "GET", "/search"))
        settings["FLEXURA_SEARXNG_URL"] = engine.url
        here = await stack.enter_async_context(listener())
        flexura = await stack.enter_async_context(installation(folder / "flexura", program=(PROGRAM,), **settings))
        api = await stack.enter_async_context(client(flexura.url, flexura.key))
        session = await stack.enter_async_context(session_of(flexura))
        await asked(session, "/api/webhooks", url=here.url)
        yield Stepped(flexura, clocks, api, session, here)


def found(_asked: Asked, _mode: Mode) -> web.Response:
    result = {"title": "Otters", "url": "https://otters.example/", "content": "About otters."}
    return json_of({"results": [result], "unresponsive_engines": []})


@asynccontextmanager
async def load(api: Client) -> AsyncIterator[list[str]]:
    """Submits jobs all the time, and answers those that were accepted so far."""
    accepted: list[str] = []

    async def submit_all_the_time() -> None:
        while True:
            accepted.append(await submitted(api, f"job {len(accepted)}", 0.05))
            await asyncio.sleep(PAUSE_S)

    submitting = asyncio.create_task(submit_all_the_time())
    try:
        yield accepted
    finally:
        submitting.cancel()
        await asyncio.wait([submitting])
        if not submitting.cancelled():
            submitting.result()


async def asked(session: aiohttp.ClientSession, path: str, **body: object) -> Any:
    """Asks again where a slow machine did not answer in time."""
    deadline = time.monotonic() + ENDS_WITHIN_S
    while True:
        try:
            return await ask(session, "POST", path, **body)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(PAUSE_S)


async def submitted(api: Client, prompt: str, take_s: float) -> str:
    """Submits again what a slow machine did not accept in time."""
    return await api.submit_until_accepted("image", prompt, ENDS_WITHIN_S, payload_bytes=1024, take_s=take_s)


async def goes_on(there: Stepped, accepted: list[str], step: str) -> None:
    """Waits until jobs that are submitted from here on have completed and were told of; fetches one, and searches."""
    before = len(accepted)
    await eventually(lambda: len(accepted) >= before + JOBS_PER_STEP, ENDS_WITHIN_S)
    ids = accepted[before : before + JOBS_PER_STEP]
    jobs = await there.api.all_finished(ids, ENDS_WITHIN_S)
    assert {job["status"] for job in jobs} == {"completed"}, (step, jobs)
    data, _ = await there.api.asset(jobs[-1])
    assert len(data) == jobs[-1]["asset"]["size_bytes"], step
    await eventually(lambda: there.told().issuperset(ids), ENDS_WITHIN_S)
    answer = await asked(there.session, "/api/search", query=f"otters {step}", content="none")
    assert len(answer["results"]) == 1, (step, answer)


@pytest.mark.heavy
@pytest.mark.timeout(570)
async def test_steps_of_every_parts_clock_and_of_all_neither_stop_nor_end_anything(tmp_path: Path) -> None:
    async with stepped(tmp_path) as there:
        slow: list[str] = []
        async with load(there.api) as accepted:
            await goes_on(there, accepted, "at first")
            for parts in (*((part,) for part in FAKED), FAKED):
                for number, offset_s in enumerate((STEP_S, 0, -STEP_S, 0)):
                    slow.append(await submitted(there.api, "slow", SLOW_JOB_S))
                    await there.api.processing(slow[-1])
                    there.step(parts, offset_s)
                    await goes_on(there, accepted, f"{' '.join(parts)} {number}: {offset_s} s")
        jobs = await there.api.all_finished([*accepted, *slow], ENDS_WITHIN_S)
        assert Counter((job["status"], job["attempt"]) for job in jobs) == {("completed", 1): len(jobs)}
        for part in ("auth", "jobs", "webhooks"):
            assert "clock_stepped" in there.log_of(part)
        for part in ("edge", "media-worker"):
            assert "signing_time_corrected" in there.log_of(part)
