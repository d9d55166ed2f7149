"""Engines that failed have a rest, and neither the caller nor a single question is held against them."""

import asyncio

import pytest
from unit.search.scripted import Engine, failing, hits, order

from flexura_kit.errors import FlexuraError
from flexura_search.domain.findings import EngineAnswer, EngineFailedError, EngineStatus
from flexura_search.domain.queries import Query
from flexura_search.service.federation import Federation, Outcome

SECONDS = 5.0


def statuses(outcome: Outcome) -> dict[str, EngineStatus]:
    return {trace.engine: trace.status for trace in outcome.traces}


async def test_who_failed_rests_and_one_search_tries_it_again() -> None:
    now = 0.0
    engine = Engine("a", failing(EngineStatus.LIMITED, retry_after_s=20))
    federation = Federation([engine, Engine("b")], now=lambda: now)
    await federation.ask(order(), SECONDS)
    assert statuses(await federation.ask(order(), SECONDS))["a"] is EngineStatus.COOLING_DOWN
    assert len(engine.asked) == 1

    now = 21.0
    engine.answer, engine.takes_s = hits("https://a.example/"), 0.1
    both = await asyncio.gather(federation.ask(order("one"), SECONDS), federation.ask(order("two"), SECONDS))
    assert sorted(statuses(outcome)["a"] for outcome in both) == [EngineStatus.COOLING_DOWN, EngineStatus.OK]
    assert statuses(await federation.ask(order(), SECONDS))["a"] is EngineStatus.OK


async def test_a_caller_who_leaves_while_an_engine_is_tried_keeps_nobody_out() -> None:
    now = 0.0
    engine = Engine("a", failing(EngineStatus.LIMITED))
    federation = Federation([engine, Engine("b")], now=lambda: now)
    await federation.ask(order(), SECONDS)
    now, engine.takes_s, engine.answer = 100.0, 60.0, hits("https://a.example/")
    leaving = asyncio.create_task(federation.ask(order(), SECONDS))
    await asyncio.sleep(0.05)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)

    engine.takes_s = 0.0
    assert statuses(await federation.ask(order(), SECONDS))["a"] is EngineStatus.OK


async def test_a_caller_in_a_hurry_costs_others_no_engine() -> None:
    federation = Federation([Engine("a", takes_s=0.4)])
    for _ in range(4):
        with pytest.raises(FlexuraError):
            await federation.ask(order(), 0.1)
    assert statuses(await federation.ask(order(), SECONDS))["a"] is EngineStatus.OK


async def test_a_question_that_was_wrong_earns_no_rest() -> None:
    engine = Engine("a", EngineFailedError(EngineStatus.BROKEN, "it did not accept it", is_engines=False))
    federation = Federation([engine, Engine("b")])
    for _ in range(3):
        assert statuses(await federation.ask(order(), SECONDS))["a"] is EngineStatus.BROKEN


async def test_who_refuses_a_part_of_the_questions_has_the_rest_it_asks_for() -> None:
    class Limited(Engine):
        async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
            answer = await super().search(query, timeout_s)
            if query.text == "two":
                raise failing(EngineStatus.LIMITED, retry_after_s=20)
            return answer

    engine = Limited("a")
    federation = Federation([engine, Engine("b")])
    assert statuses(await federation.ask(order("one", "two"), SECONDS))["a"] is EngineStatus.OK
    assert statuses(await federation.ask(order("one"), SECONDS))["a"] is EngineStatus.COOLING_DOWN
    assert len(engine.asked) == 2
