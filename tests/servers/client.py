"""A client of the public API, as an agent would write it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

POLL_S = 0.2
ANSWER_TIMEOUT_S = 30
FINISHED = {"completed", "failed"}


class Client:
    """Submits, polls, fetches."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def submit(self, media_type: str, prompt: str, **options: Any) -> str:
        """Submits a job of the test card and answers its id; anything but 202 fails."""
        body = {"prompt": prompt, "model": f"flexura-testcard-{media_type}", "options": options}
        async with self._session.post(f"{self._url}/api/generate/{media_type}", json=body) as answer:
            text = await answer.text()
            assert answer.status == 202, f"{answer.status} {text}"
            job_id: str = (await answer.json())["job_id"]
            return job_id

    async def submit_until_accepted(self, media_type: str, prompt: str, within_s: float, **options: Any) -> str:
        """Like submit, and tries again while parts are down: what was not accepted was not promised."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                return await self.submit(media_type, prompt, **options)
            except (aiohttp.ClientError, AssertionError):
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(POLL_S)

    async def job(self, job_id: str) -> dict[str, Any]:
        async with self._session.get(f"{self._url}/api/jobs/{job_id}") as answer:
            job: dict[str, Any] = await answer.json()
            assert answer.status == 200, f"{answer.status} {job}"
            return job

    async def finished(self, job_id: str, within_s: float = 30) -> dict[str, Any]:
        """Polls until the job has ended, through whatever is down meanwhile."""
        return await self._until(job_id, lambda job: job["status"] in FINISHED, within_s)

    async def processing(self, job_id: str, within_s: float = 30) -> dict[str, Any]:
        job = await self._until(job_id, lambda job: job["status"] != "queued", within_s)
        assert job["status"] == "processing", job
        return job

    async def all_finished(self, job_ids: list[str], within_s: float) -> list[dict[str, Any]]:
        deadline = time.monotonic() + within_s
        return [await self.finished(job_id, max(deadline - time.monotonic(), 1)) for job_id in job_ids]

    async def asset(self, job: dict[str, Any]) -> tuple[bytes, str]:
        """The bytes and the content type of a completed job's asset, fetched without a key."""
        async with self._session.get(job["asset_url"], headers={"Authorization": ""}) as answer:
            data = await answer.read()
            assert answer.status == 200, f"{answer.status} {data[:300]!r}"
            return data, answer.content_type

    async def models(self) -> dict[str, Any]:
        async with self._session.get(f"{self._url}/api/agent/models") as answer:
            catalog: dict[str, Any] = await answer.json()
            return catalog

    async def _until(self, job_id: str, reached: Any, within_s: float) -> dict[str, Any]:
        deadline, last = time.monotonic() + within_s, None
        while True:
            try:
                last = await self.job(job_id)
            except (aiohttp.ClientError, AssertionError) as error:
                last = {"status": "unknown", "why": repr(error)}
            if last["status"] != "unknown" and reached(last):
                return last
            assert time.monotonic() < deadline, f"{job_id} after {within_s} s: {last}"
            await asyncio.sleep(POLL_S)


@asynccontextmanager
async def client(url: str, key: str) -> AsyncIterator[Client]:
    timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        yield Client(session, url)
