"""Which parts of this worker are at fault: a circuit breaker for each, which keeps it from taking work."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from prometheus_client import Counter as CounterMetric
from prometheus_client import Gauge

from flexura_kit import log
from flexura_media_worker.domain import WorkerFault, WorkerFaultError, WorkerPart

PAUSE_S_MIN, PAUSE_S_MAX = 1.0, 30.0
PROBE_S = 60.0  # For one look at a part; a canary needs the start of a process.
TICK_S = 0.2
WHY_CHARACTERS_MAX = 300

FAULTS = CounterMetric("flexura_worker_faults", "Faults of this worker itself, by part.", ["part"])
PAUSED = Gauge("flexura_worker_paused", "1 while this worker takes no work because the part is at fault.", ["part"])

Probe = Callable[[int], Awaitable[None]]
"""Looks whether a part works after so many faults in a row, and raises WorkerFaultError while it does not."""

logger = log.get_logger()


@dataclass(slots=True)
class Pause:
    """No work is taken for a part until it has been looked at and works."""

    why: str
    began: float
    due: float


class Health:
    """Pauses the worker while a part is at fault; a fault of one provider pauses that provider alone."""

    def __init__(self, providers: Sequence[str]) -> None:
        self._providers = tuple(providers)
        self._probes: dict[str, Probe] = {}
        self._pauses: dict[str, Pause] = {}
        self._in_a_row: Counter[str] = Counter()
        """Faults of each part since work was done last; pauses grow with them."""
        self.changed = asyncio.Event()
        """Set where the worker takes other work than before."""

    def add_probe(self, part: str, probe: Probe) -> None:
        self._probes[part] = probe

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers that work is taken for at present."""
        if self.is_paused:
            return ()
        return tuple(name for name in self._providers if name not in self._pauses)

    @property
    def is_paused(self) -> bool:
        """Whether no work is taken at all."""
        return any(part not in self._providers for part in self._pauses)

    def takes(self, provider: str) -> bool:
        return not self.is_paused and provider not in self._pauses

    def why_paused(self) -> str | None:
        """Names the parts that are at fault and why; None where none is."""
        return "; ".join(f"{part}: {pause.why}" for part, pause in sorted(self._pauses.items())) or None

    def report(self, fault: WorkerFault) -> None:
        """Pauses the part. Faults of a part that is paused already come from work that was under way."""
        FAULTS.labels(fault.part).inc()
        if fault.part in self._pauses:
            return
        now = asyncio.get_running_loop().time()
        pause_s = self._next_pause_s(fault.part)
        self._pauses[fault.part] = Pause(fault.message[:WHY_CHARACTERS_MAX], now, now + pause_s)
        PAUSED.labels(fault.part).set(1)
        logger.warning("worker_paused", part=fault.part, why=fault.message, retry_s=round(pause_s, 1))
        self.changed.set()

    def mended(self, part: str) -> None:
        """Ends the pause of a part that was seen to work."""
        pause = self._pauses.pop(part, None)
        if pause is None:
            return
        PAUSED.labels(part).set(0)
        paused_s = asyncio.get_running_loop().time() - pause.began
        logger.info("worker_resumed", part=part, paused_s=round(paused_s, 1))
        self.changed.set()

    def worked(self, provider: str) -> None:
        """A job was completed: the parts that it needed work, and their next pause is a short one again."""
        for part in (*WorkerPart, provider):
            self._in_a_row.pop(part, None)
        self.mended(WorkerPart.STORE)

    async def mend_for_ever(self) -> None:
        while True:
            now = asyncio.get_running_loop().time()
            for part in [part for part, pause in self._pauses.items() if pause.due <= now]:
                await self._look_at(part)
            await asyncio.sleep(TICK_S)

    async def _look_at(self, part: str) -> None:
        why = await self._why_broken(part)
        if why is None:
            self.mended(part)
        elif part in self._pauses:
            pause = self._pauses[part]
            pause.why = why[:WHY_CHARACTERS_MAX]
            pause.due = asyncio.get_running_loop().time() + self._next_pause_s(part)

    async def _why_broken(self, part: str) -> str | None:
        probe = self._probes.get(part)
        if probe is None:
            return None
        try:
            async with asyncio.timeout(PROBE_S):
                await probe(self._in_a_row[part])
        except WorkerFaultError as error:
            return error.fault.message
        except TimeoutError:
            return f"it did not answer within {PROBE_S:g} s"
        except Exception as error:
            # The top of a loop: whatever it is, the part cannot be said to work.
            logger.exception("probe_crashed", part=part)
            return repr(error)
        return None

    def _next_pause_s(self, part: str) -> float:
        """Doubles with each fault in a row; random, so that workers do not come back all at once."""
        longest_s = min(PAUSE_S_MAX, PAUSE_S_MIN * 2.0 ** min(self._in_a_row[part], 10))
        self._in_a_row[part] += 1
        return longest_s * random.uniform(0.5, 1.0)  # noqa: S311 - no secret.
