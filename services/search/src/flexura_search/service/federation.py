"""Asking several engines side by side, and what comes of each."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flexura_kit import log
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_search.domain.cooling import AT_ONCE, Cooling
from flexura_search.domain.findings import ANSWERED, EngineAnswer, EngineFailedError, EngineStatus, EngineTrace
from flexura_search.domain.fusion import Ranking
from flexura_search.domain.queries import Query, SearchOrder, Topic
from flexura_search.ports import SearchEngine

PATIENCE_S = 1.0  # With those who are late, once another has found something.
FAIR_S = 2.0  # Who had less is not called slow: a caller in a hurry must not cost others the engine.
FIRST_SHARE = 0.6  # Of the time goes to those who are asked first, so that there is some left for others.
RETRY_AFTER_MS = 2000

logger = log.get_logger()


@dataclass(slots=True)
class Outcome:
    """What all engines together answered."""

    rankings: list[Ranking] = field(default_factory=list)
    traces: list[EngineTrace] = field(default_factory=list)
    stepped_in: bool = False
    """Whether others were asked because none of the first answered."""

    @property
    def is_answered(self) -> bool:
        return any(trace.status in ANSWERED for trace in self.traces)

    @property
    def is_degraded(self) -> bool:
        return self.stepped_in or any(trace.is_degraded for trace in self.traces)


@dataclass(frozen=True, slots=True)
class Health:
    """How an engine is at present."""

    engine: SearchEngine
    status: EngineStatus | None
    reason: str


class Federation:
    def __init__(self, engines: Sequence[SearchEngine], now: Callable[[], float] = time.monotonic) -> None:
        self._engines = {engine.name: engine for engine in engines}
        self._cooling = {engine.name: Cooling() for engine in engines}
        self._now = now

    @property
    def topics(self) -> dict[str, frozenset[Topic]]:
        """What each engine searches, by its name."""
        return {name: engine.topics for name, engine in self._engines.items()}

    def health(self) -> list[Health]:
        return [
            Health(engine, self._cooling[name].status, self._cooling[name].reason)
            for name, engine in self._engines.items()
        ]

    async def ask(self, order: SearchOrder, timeout_s: float) -> Outcome:
        """Answers what the chosen engines found; where none of them answers, what the others did.

        Raises SEARCH_UNAVAILABLE where nobody answers, and says what each said.
        """
        until = self._now() + timeout_s
        first, others = self._chosen(order)
        share = FIRST_SHARE if others and order.allows_fallback else 1.0
        outcome = Outcome()
        await self._ask_all(first, order.queries, timeout_s * share, outcome)
        if not outcome.is_answered and others and order.allows_fallback:
            outcome.stepped_in = bool(first)
            await self._ask_all(others, order.queries, until - self._now(), outcome)
        if not outcome.is_answered:
            raise unavailable(order.topic, outcome.traces)
        return outcome

    def _chosen(self, order: SearchOrder) -> tuple[list[SearchEngine], list[SearchEngine]]:
        """Those who are asked first, and those who step in."""
        serving = [engine for engine in self._engines.values() if order.topic in engine.topics]
        if order.engines:
            first = [self._engines[name] for name in order.engines if name in self._engines]
        else:
            first = [engine for engine in serving if not engine.is_fallback] or serving
        return first, [engine for engine in serving if engine not in first]

    async def _ask_all(
        self, engines: Sequence[SearchEngine], queries: Sequence[Query], timeout_s: float, outcome: Outcome
    ) -> None:
        began = self._now()
        until = began + timeout_s
        asking = {
            asyncio.create_task(self._ask(engine, queries, timeout_s), name=f"ask-{engine.name}"): engine
            for engine in engines
        }
        waiting = set(asking)
        try:
            while waiting and (left := until - self._now()) > 0:
                done, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    rankings, trace = task.result()
                    outcome.rankings += rankings
                    outcome.traces.append(trace)
                    if trace.results:
                        until = min(until, self._now() + PATIENCE_S)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        outcome.traces += [self._late(asking[task], began) for task in waiting]

    def _late(self, engine: SearchEngine, began: float) -> EngineTrace:
        reason, now = "it had not answered when the others had", self._now()
        if now - began >= FAIR_S:
            self._cooling[engine.name].learn(EngineStatus.TIMED_OUT, reason, now, began)
        return EngineTrace(engine.name, EngineStatus.TIMED_OUT, round((now - began) * 1000), reason=reason)

    async def _ask(
        self, engine: SearchEngine, queries: Sequence[Query], timeout_s: float
    ) -> tuple[list[Ranking], EngineTrace]:
        """Asks one engine all queries at once, and sums up what came of it."""
        cooling, began = self._cooling[engine.name], self._now()
        if not cooling.admits(began):
            reason = f"it failed lately ({cooling.reason}) and is asked again in {cooling.remaining_s(began):.0f} s"
            return [], EngineTrace(engine.name, EngineStatus.COOLING_DOWN, reason=reason)
        try:
            answers = await asyncio.gather(*(answer_of(engine, query, timeout_s) for query in queries))
        except asyncio.CancelledError:
            cooling.release(began)
            raise
        trace = summed_up(engine.name, answers, round((self._now() - began) * 1000))
        self._learn(cooling, trace, answers, began)
        rankings = [
            Ranking(engine.name, answer.hits, answer.images) for answer in answers if isinstance(answer, EngineAnswer)
        ]
        return rankings, trace

    def _learn(
        self,
        cooling: Cooling,
        trace: EngineTrace,
        answers: Sequence[EngineAnswer | EngineFailedError],
        began: float,
    ) -> None:
        now = self._now()
        failures = [answer for answer in answers if isinstance(answer, EngineFailedError)]
        if not says_something(trace, failures, now - began):
            cooling.release(began)
            return
        said = [failure.retry_after_s for failure in failures if failure.retry_after_s is not None]
        # Who refuses a part of the questions wants a rest no less than who refuses all.
        refusal = next((failure for failure in failures if failure.is_engines and failure.status in AT_ONCE), trace)
        cooling.learn(refusal.status, refusal.reason, now, began, max(said, default=None))


def says_something(trace: EngineTrace, failures: Sequence[EngineFailedError], had_s: float) -> bool:
    """Whether the engine is well or not; a question that was wrong, or in a hurry, does not tell."""
    if trace.status in ANSWERED:
        return True
    is_hurried = trace.status is EngineStatus.TIMED_OUT and had_s < FAIR_S
    return not is_hurried and any(failure.is_engines for failure in failures)


async def answer_of(engine: SearchEngine, query: Query, timeout_s: float) -> EngineAnswer | EngineFailedError:
    try:
        return await engine.search(query, timeout_s)
    except EngineFailedError as failure:
        return failure
    except (Exception, asyncio.CancelledError):
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # Whatever is wrong with one engine, the others go on; its text stays in the log.
        logger.exception("engine_crashed", engine=engine.name)
        return EngineFailedError(EngineStatus.BROKEN, "it failed in a way that nobody expected", is_engines=False)


def summed_up(name: str, answers: Sequence[EngineAnswer | EngineFailedError], took_ms: int) -> EngineTrace:
    found = [answer for answer in answers if isinstance(answer, EngineAnswer)]
    failed = [answer for answer in answers if isinstance(answer, EngineFailedError)]
    if not found:
        return EngineTrace(name, failed[0].status, took_ms, reason=failed[0].reason)
    results = sum(len(answer.hits) + len(answer.images) for answer in found)
    shortfalls = [answer.shortfall for answer in found if answer.shortfall]
    if failed:
        shortfalls.append(f"{len(failed)} of {len(answers)} queries failed: {failed[0].reason}")
    status = EngineStatus.OK if results else EngineStatus.EMPTY
    left_out = sum(answer.left_out for answer in found)
    return EngineTrace(name, status, took_ms, results, "; ".join(dict.fromkeys(shortfalls)), left_out)


def unavailable(topic: Topic, traces: Sequence[EngineTrace]) -> FlexuraError:
    if not traces:
        message = (
            f"no search engine is set up that searches {topic}; the catalog's capabilities.search says what there is"
        )
        return FlexuraError(Kind.BUSY, Reason.SEARCH_UNAVAILABLE, message, engines="")
    traces = sorted(traces, key=lambda trace: trace.engine)
    if all(trace.status is EngineStatus.QUERY_TOO_LONG for trace in traces):
        return too_long(traces)
    said = "; ".join(f"{trace.engine} {trace.status.replace('_', ' ')}: {trace.reason}" for trace in traces)
    return FlexuraError(
        Kind.BUSY,
        Reason.SEARCH_UNAVAILABLE,
        f"no search engine answered ({said}); try again shortly",
        engines=", ".join(trace.engine for trace in traces),
        retry_after_ms=str(RETRY_AFTER_MS),
    )


def too_long(traces: Sequence[EngineTrace]) -> FlexuraError:
    """Nobody takes the query: sent again as it is, it would fail again."""
    said = "; ".join(f"{trace.engine} says that {trace.reason}" for trace in traces)
    message = f"`query` is longer than any engine that could be asked takes ({said})"
    return FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, [FieldViolation("query", message)])
