"""A real Chromium without a window, and a site for it whose pages tell what they have seen."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
MISSING = "this test needs Chromium (Debian: apt-get install chromium-headless-shell)"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0")

REPORT = """
const tell = (what) => fetch("/told", { method: "POST", body: JSON.stringify(what) }).catch(() => {});
window.onerror = (message) => tell({ error: String(message) });
window.onunhandledrejection = (event) => tell({ error: String(event.reason) });
"""


class Site:
    """Serves one page, takes what it tells, and gives it event tokens, as an application's own server does."""

    def __init__(self, event_token: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self.script = ""
        self.told: list[dict[str, Any]] = []
        self.origin = ""
        self._event_token = event_token

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/told":
            self.told.append(json.loads(await request.text()))
            return web.Response(status=204)
        if request.path == "/event-token":
            return web.json_response(await self._event_token())
        page = f"<!doctype html><meta charset=utf-8><script>{REPORT}{self.script}</script>"
        return web.Response(text=page, content_type="text/html")


@asynccontextmanager
async def site(event_token: Callable[[], Awaitable[dict[str, Any]]]) -> AsyncIterator[Site]:
    made = Site(event_token)
    runner = web.ServerRunner(web.Server(made.answer), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


@asynccontextmanager
async def chromium(url: str, folder: Path) -> AsyncIterator[None]:
    """Shows a page for as long as the block lasts."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program is not None, MISSING
    with (folder / "chromium.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            program,
            *(*FLAGS, f"--user-data-dir={folder / 'profile'}", url),
            stdout=log,
            stderr=log,
            # Debian's program is a script, and what it starts does not end with it: the group does.
            start_new_session=True,
        )
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
