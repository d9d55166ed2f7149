"""Submits without a pause: what was accepted, and how the rest was refused."""

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

SUBMITTERS = 3
PAUSE_S = 0.1
ANSWER_WITHIN_S = 40.0
BODY = {"prompt": "a lighthouse", "model": "flexura-testcard-image", "options": {"width": 64, "height": 64}}


@dataclass
class Submits:
    """What clients were answered."""

    url: str
    key: str
    accepted: list[str] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Requests without an answer: connections that were cut, and time-outs."""

    def told(self) -> str:
        """How submits were answered, for the table of the run."""
        codes = Counter(f"{refusal['status']} {refusal['code']}" for refusal in self.refusals)
        refused = ", ".join(f"{times} {code}" for code, times in sorted(codes.items())) or "none"
        return f"{len(self.accepted)} accepted, refused: {refused}, without an answer: {len(self.broken)}"

    async def submit_until_cancelled(self, session: aiohttp.ClientSession) -> None:
        while True:
            try:
                await self._submit(session)
            except (aiohttp.ClientError, TimeoutError) as error:
                self.broken.append(repr(error))
            await asyncio.sleep(PAUSE_S)

    async def _submit(self, session: aiohttp.ClientSession) -> None:
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        async with session.post(f"{self.url}/api/generate/image", json=BODY, headers=headers) as answer:
            body = await answer.json(content_type=None)
            if answer.status == 202:
                self.accepted.append(body["job_id"])
            else:
                self.refusals.append({**body, "retry_after": answer.headers.get("Retry-After")})


@asynccontextmanager
async def submitting(url: str, key: str) -> AsyncIterator[Submits]:
    """Has clients submit until the block is left."""
    submits = Submits(url, key)
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}, timeout=timeout) as session:
        tasks = [asyncio.create_task(submits.submit_until_cancelled(session)) for _ in range(SUBMITTERS)]
        try:
            yield submits
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
