"""Saying that this worker lives, and learning where its work is."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from flexura_kit.errors import FlexuraError
from flexura_media_worker.domain import WorkSource
from flexura_media_worker.ports import JobsService
from flexura_media_worker.service.health import Health
from flexura_media_worker.service.leases import Leases

RETRY_S = 1.0  # After an announcement that did not arrive.


class Announcer:
    def __init__(
        self, jobs: JobsService, leases: Leases, health: Health, bind: Callable[[Sequence[WorkSource]], None]
    ) -> None:
        self._jobs = jobs
        self._leases = leases
        self._health = health
        self._bind = bind
        self._trouble: str | None = "the jobs service has not answered yet"

    def trouble(self) -> str | None:
        """Why the jobs service does not know of this worker; None where it does."""
        return self._trouble

    async def announce_for_ever(self) -> None:
        while True:
            self._health.changed.clear()
            providers = self._health.providers
            if not providers:
                # At once: whether the jobs service can be told or not, no work is taken.
                self._bind(())
            try:
                announcement = await self._jobs.announce(providers)
            except FlexuraError as error:
                self._trouble = error.message
                await asyncio.sleep(RETRY_S)
                continue
            self._trouble = None
            self._leases.adopt(announcement)
            self._bind(announcement.sources if providers else ())
            await self._pause(announcement.announce_interval.total_seconds())

    async def _pause(self, seconds: float) -> None:
        """Sleeps, but not through a change of what work is taken."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._health.changed.wait()
