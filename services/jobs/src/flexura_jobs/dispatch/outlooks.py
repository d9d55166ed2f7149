"""Keeps what is likely of unfinished jobs in memory, made anew about once a second in every replica."""

import asyncio
from collections.abc import Sequence

from flexura_jobs.domain.catalog import Model
from flexura_jobs.domain.outlook import NO_OUTLOOK, Outlook, RunTimes, outlook_of
from flexura_jobs.ports import Fleet, OutlookStore
from flexura_kit import log
from flexura_kit.errors import FlexuraError

LOOK_S = 1.0
LOOK_S_MAX = 5.0
LOOKING_SHARE = 50  # Looking takes one part in so many of the time at most, up to the longest pause.

logger = log.get_logger()


class Outlooks:
    """Every replica looks for itself, so that each can answer; whoever leads knows no more."""

    def __init__(self, store: OutlookStore, fleet: Fleet, models: Sequence[Model]) -> None:
        self._store = store
        self._fleet = fleet
        self._models = models
        self._run_times = RunTimes()
        self._current = NO_OUTLOOK

    def current(self) -> Outlook:
        return self._current

    async def run(self) -> None:
        while True:
            began = asyncio.get_running_loop().time()
            await self._look_or_forget()
            took = asyncio.get_running_loop().time() - began
            await asyncio.sleep(min(max(LOOK_S, took * LOOKING_SHARE), LOOK_S_MAX))

    async def look(self) -> None:
        look = await self._store.look(self._run_times.ended_until)
        self._run_times.learn(look)
        self._current = outlook_of(look, self._run_times, self._models, await self._fleet.workers())

    async def _look_or_forget(self) -> None:
        try:
            await self.look()
        except FlexuraError as error:
            # What was likely a while ago is not any more.
            self._current = NO_OUTLOOK
            logger.warning("outlook_failed", reason=error.reason.value)
        except Exception:
            # The top of a loop: jobs are read without an estimate until a look succeeds.
            self._current = NO_OUTLOOK
            logger.exception("outlook_crashed")
