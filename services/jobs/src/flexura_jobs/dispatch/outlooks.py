"""Keeps what is likely of unfinished jobs in memory, made anew about once a second in every replica."""

import asyncio
from collections.abc import Sequence

from prometheus_client import Histogram

from flexura_jobs.domain.catalog import Model
from flexura_jobs.domain.outlook import NO_OUTLOOK, Outlook, RunTimes, outlook_of
from flexura_jobs.ports import Fleet, OutlookStore
from flexura_kit import log
from flexura_kit.errors import FlexuraError

LOOK_S = 1.0
LOOK_S_MAX = 5.0
LOOKING_SHARE = 50  # Looking takes one part in so many of the time at most, up to the longest pause.

LOOK_SECONDS = Histogram(
    "flexura_jobs_look_seconds",
    "Time that a look at the queues takes, from which places and times are estimated.",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)

logger = log.get_logger()


class Outlooks:
    """Every replica looks for itself, so that each can answer; whoever leads knows no more."""

    def __init__(self, store: OutlookStore, fleet: Fleet, models: Sequence[Model]) -> None:
        self._store = store
        self._fleet = fleet
        self._models = models
        self._run_times = RunTimes()
        self._current = NO_OUTLOOK
        self._idle_workers = 0

    def current(self) -> Outlook:
        return self._current

    def why_impaired(self) -> str | None:
        """Says that no job is begun though workers are there. Where there is none, none may be wanted at present."""
        if not self._idle_workers:
            return None
        return (
            f"none of the media workers takes work ({self._idle_workers} live): each says in its log which part of it"
            " is at fault (event worker_paused), and goes on by itself once that works"
        )

    async def run(self) -> None:
        while True:
            began = asyncio.get_running_loop().time()
            await self.refresh()
            took_s = asyncio.get_running_loop().time() - began
            LOOK_SECONDS.observe(took_s)
            await asyncio.sleep(pause_s(took_s))

    async def refresh(self) -> None:
        """Looks once; where that cannot be, nothing is known any more."""
        try:
            await self._look()
        except FlexuraError as error:
            self._current = NO_OUTLOOK
            logger.warning("outlook_failed", reason=error.reason.value)
        except Exception:
            # The top of a loop: jobs are read without an estimate until a look succeeds.
            self._current = NO_OUTLOOK
            logger.exception("outlook_crashed")

    async def _look(self) -> None:
        look = await self._store.look(self._run_times.ended_until)
        self._run_times.learn(look)
        workers = await self._fleet.workers()
        self._idle_workers = 0 if any(worker.providers for worker in workers) else len(workers)
        self._current = outlook_of(look, self._run_times, self._models, workers)


def pause_s(took_s: float) -> float:
    """The longer a look takes, the rarer it is; a long queue changes little meanwhile."""
    return min(max(LOOK_S, took_s * LOOKING_SHARE), LOOK_S_MAX)
