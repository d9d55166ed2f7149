"""What the services say they can do: models and search engines, asked for every few seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from flexura.jobs.v1 import jobs_service_pb2
from flexura.search.v1 import search_service_pb2
from flexura_kit import log
from flexura_kit.errors import FlexuraError

REFRESH_S = 3.0
ASK_S = 2.0
STALE_S = 600.0  # How long the last answer is still served while jobs is unavailable.

ListModels = Callable[[float], Awaitable[Sequence[jobs_service_pb2.Model]]]
ListEngines = Callable[[float], Awaitable[Sequence[search_service_pb2.EngineHealth]]]

logger = log.get_logger()


@dataclass(frozen=True, slots=True)
class Supply:
    """The catalog's models, and the search engines that are set up and how they are; without one no search works."""

    models: tuple[jobs_service_pb2.Model, ...]
    engines: tuple[search_service_pb2.EngineHealth, ...]


class Supplies:
    """Keeps the latest answer; the same object for as long as nothing changes."""

    def __init__(
        self, list_models: ListModels, list_engines: ListEngines, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._list_models = list_models
        self._list_engines = list_engines
        self._now = now
        self._latest: Supply | None = None
        self._learned_at = 0.0
        self._asking = asyncio.Lock()

    async def current(self, timeout_s: float) -> Supply:
        """Answers what was learned last; asks at once where that is nothing, or too old to be told."""
        latest = self._usable()
        if latest is not None:
            return latest
        async with self._asking:
            return self._usable() or await self._learn(min(timeout_s, ASK_S))

    async def keep_fresh(self) -> None:
        """Asks again and again, for as long as the process runs."""
        while True:
            try:
                async with self._asking:
                    await self._learn(ASK_S)
            except FlexuraError as error:
                logger.warning("catalog_not_refreshed", reason=error.reason, error=error.message)
            await asyncio.sleep(REFRESH_S)

    def _usable(self) -> Supply | None:
        return self._latest if self._now() - self._learned_at < STALE_S else None

    async def _learn(self, timeout_s: float) -> Supply:
        engines = await self._engines(timeout_s)
        supply = Supply(tuple(await self._list_models(timeout_s)), engines)
        self._learned_at = self._now()
        if self._latest != supply:
            self._latest = supply
        return self._latest

    async def _engines(self, timeout_s: float) -> tuple[search_service_pb2.EngineHealth, ...]:
        try:
            return tuple(await self._list_engines(timeout_s))
        except FlexuraError:
            return ()  # A search service that does not answer has no engine to offer.
