"""Engines asked side by side: who is asked, who is waited for, and what is said of each."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.search.scripted import Engine, failing, hits, order

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.domain.findings import ANSWERED, EngineAnswer, EngineFailedError, EngineStatus, QueryTooLongError
from flexura_search.domain.queries import Query, Topic
from flexura_search.service import federation as asked_side_by_side
from flexura_search.service.federation import Federation, Outcome

SECONDS = 5.0
FAILED = [status for status in EngineStatus if status not in {*ANSWERED, EngineStatus.COOLING_DOWN}]


def statuses(outcome: Outcome) -> dict[str, EngineStatus]:
    return {trace.engine: trace.status for trace in outcome.traces}


async def test_all_are_asked_at_once_and_fallbacks_are_not() -> None:
    met = asyncio.Barrier(2)

    class Meeting(Engine):
        """Answers once another one is asked as well."""

        async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
            await met.wait()
            return await super().search(query, timeout_s)

    outcome = await Federation([Meeting("a"), Meeting("b"), Engine("c", is_fallback=True)]).ask(order(), SECONDS)

    assert statuses(outcome) == {"a": EngineStatus.OK, "b": EngineStatus.OK}
    assert not outcome.is_degraded


async def test_who_is_late_is_left_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_side_by_side, "PATIENCE_S", 0.1)
    slow = Engine("slow", takes_s=60)
    outcome = await Federation([Engine("fast"), slow]).ask(order(), SECONDS)

    assert statuses(outcome) == {"fast": EngineStatus.OK, "slow": EngineStatus.TIMED_OUT}
    assert outcome.is_degraded
    assert slow.left == 1


async def test_nobody_who_found_something_is_waited_for_longer() -> None:
    # An empty answer is no reason to stop waiting for the others.
    engines = [Engine("empty", EngineAnswer()), Engine("finds", takes_s=1.3)]
    outcome = await Federation(engines).ask(order(), SECONDS)

    assert statuses(outcome) == {"empty": EngineStatus.EMPTY, "finds": EngineStatus.OK}


async def test_others_step_in_where_the_first_all_fail() -> None:
    engines = [Engine("first", failing()), Engine("other", is_fallback=True)]
    outcome = await Federation(engines).ask(order(), SECONDS)

    assert statuses(outcome) == {"first": EngineStatus.UNREACHABLE, "other": EngineStatus.OK}
    assert outcome.is_degraded
    assert outcome.stepped_in


async def test_a_fallback_that_is_alone_is_no_substitute() -> None:
    outcome = await Federation([Engine("only", is_fallback=True)]).ask(order(), SECONDS)

    assert not outcome.is_degraded


async def test_without_fallback_the_search_fails_and_names_each() -> None:
    engines = [
        Engine("a", failing(EngineStatus.QUOTA_USED)),
        Engine("b", failing(EngineStatus.BLOCKED)),
        Engine("other", is_fallback=True),
    ]
    with pytest.raises(FlexuraError) as failed:
        await Federation(engines).ask(order(allows_fallback=False), SECONDS)

    assert (failed.value.kind, failed.value.reason) == (Kind.BUSY, Reason.SEARCH_UNAVAILABLE)
    assert "a quota used" in failed.value.message
    assert "b blocked" in failed.value.message
    assert failed.value.metadata["engines"] == "a, b"
    assert not engines[2].asked


async def test_those_who_are_named_are_asked_alone() -> None:
    engines = [Engine("a"), Engine("b"), Engine("c", is_fallback=True)]
    outcome = await Federation(engines).ask(order(engines=("c",)), SECONDS)

    assert statuses(outcome) == {"c": EngineStatus.OK}


async def test_who_does_not_serve_the_topic_is_not_asked() -> None:
    engines = [Engine("a", topics=frozenset({Topic.GENERAL})), Engine("b")]
    outcome = await Federation(engines).ask(order(topic=Topic.NEWS), SECONDS)

    assert statuses(outcome) == {"b": EngineStatus.OK}


async def test_an_engine_that_breaks_as_nobody_expected_takes_no_search_down() -> None:
    outcome = await Federation([Engine("odd", ZeroDivisionError("secret")), Engine("b")]).ask(order(), SECONDS)

    assert statuses(outcome) == {"odd": EngineStatus.BROKEN, "b": EngineStatus.OK}
    assert "secret" not in str(outcome.traces)


async def test_an_engine_that_cancels_itself_takes_no_search_down() -> None:
    outcome = await Federation([Engine("odd", asyncio.CancelledError()), Engine("b")]).ask(order(), SECONDS)

    assert statuses(outcome) == {"odd": EngineStatus.BROKEN, "b": EngineStatus.OK}


async def test_whoever_leaves_takes_all_questions_along() -> None:
    engines = [Engine("a", takes_s=60), Engine("b", takes_s=60)]
    asking = asyncio.create_task(Federation(engines).ask(order("one", "two"), SECONDS))
    await asyncio.sleep(0.02)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)

    assert asking.cancelled()
    assert [engine.left for engine in engines] == [2, 2]


async def test_who_was_chosen_by_name_is_replaced_only_where_that_is_allowed() -> None:
    engines = [Engine("chosen", failing(EngineStatus.LIMITED)), Engine("other")]
    outcome = await Federation(engines).ask(order(engines=("chosen",)), SECONDS)
    assert statuses(outcome) == {"chosen": EngineStatus.LIMITED, "other": EngineStatus.OK}
    assert outcome.is_degraded

    with pytest.raises(FlexuraError) as failed:
        await Federation(engines).ask(order(engines=("chosen",), allows_fallback=False), SECONDS)
    assert failed.value.metadata["engines"] == "chosen"
    assert len(engines[1].asked) == 1


async def test_those_who_step_in_have_time_left() -> None:
    engines = [Engine("first", takes_s=60), Engine("other", is_fallback=True, takes_s=0.1)]
    outcome = await Federation(engines).ask(order(), 0.6)

    assert statuses(outcome) == {"first": EngineStatus.TIMED_OUT, "other": EngineStatus.OK}


@given(
    st.lists(
        st.tuples(st.sampled_from([hits("https://a.example/"), EngineAnswer(), *map(failing, FAILED)]), st.booleans()),
        max_size=5,
    ),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
async def test_nothing_is_substituted_in_silence(
    scripts: list[tuple[EngineAnswer | EngineFailedError, bool]], allows_fallback: bool
) -> None:
    engines = [Engine(f"e{number}", answer, is_fallback=last) for number, (answer, last) in enumerate(scripts)]
    asking = Federation(engines).ask(order(allows_fallback=allows_fallback), SECONDS)
    try:
        outcome = await asking
    except FlexuraError as error:
        assert all(isinstance(engine.answer, EngineFailedError) for engine in engines if engine.asked)
        assert all(f"{engine.name} " in error.message for engine in engines if engine.asked)  # noqa: PT017
        return
    asked = [engine for engine in engines if engine.asked]
    assert {engine.name for engine in asked} == {trace.engine for trace in outcome.traces}
    has_failed = any(isinstance(engine.answer, EngineFailedError) for engine in asked)
    first = [engine for engine in engines if not engine.is_fallback] or engines
    assert outcome.is_degraded == (has_failed or any(engine not in first for engine in asked))


async def test_all_ends_within_the_time() -> None:
    engines = [Engine("a", takes_s=60), Engine("b", takes_s=60, is_fallback=True)]
    began = time.monotonic()
    with pytest.raises(FlexuraError) as failed:
        await Federation(engines).ask(order(), 0.5)

    assert time.monotonic() - began < 0.7
    assert failed.value.reason is Reason.SEARCH_UNAVAILABLE


async def test_who_was_cut_off_says_how_long_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_side_by_side, "PATIENCE_S", 0.1)
    outcome = await Federation([Engine("fast"), Engine("slow", takes_s=60)]).ask(order(), SECONDS)
    (late,) = [trace for trace in outcome.traces if trace.engine == "slow"]
    assert 50 < late.took_ms < 30_000


async def test_several_wordings_are_asked_together_and_a_part_that_fails_is_said() -> None:
    class Forgetful(Engine):
        async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
            if query.text == "two":
                raise failing(EngineStatus.LIMITED)
            return await super().search(query, timeout_s)

    outcome = await Federation([Forgetful("a")]).ask(order("one", "two"), SECONDS)
    (trace,) = outcome.traces
    assert trace.status is EngineStatus.OK
    assert "1 of 2 queries failed" in trace.reason
    assert outcome.is_degraded


async def test_without_engines_for_the_topic_the_error_says_so() -> None:
    with pytest.raises(FlexuraError) as failed:
        await Federation([Engine("a", topics=frozenset({Topic.GENERAL}))]).ask(order(topic=Topic.IMAGES), SECONDS)

    assert failed.value.reason is Reason.SEARCH_UNAVAILABLE
    assert failed.value.metadata["engines"] == ""


async def test_a_query_that_nobody_takes_is_the_callers_to_shorten() -> None:
    engines = [Engine("a", QueryTooLongError("at most 400 characters")), Engine("b", QueryTooLongError("at most 300"))]
    engines[1].is_fallback = True
    with pytest.raises(FlexuraError) as caught:
        await Federation(engines).ask(order(), SECONDS)
    assert (caught.value.kind, caught.value.reason) == (Kind.INVALID, Reason.INVALID_REQUEST)
    assert "at most 400 characters" in caught.value.message
    assert caught.value.violations[0].field == "query"


async def test_who_cannot_take_a_query_is_passed_over_and_gets_no_rest() -> None:
    engines = [Engine("a", QueryTooLongError("at most 400 characters")), Engine("b", is_fallback=True)]
    federation = Federation(engines)
    for _ in range(3):
        outcome = await federation.ask(order(), SECONDS)
        assert statuses(outcome) == {"a": EngineStatus.QUERY_TOO_LONG, "b": EngineStatus.OK}


async def test_where_another_only_failed_the_search_may_be_tried_again() -> None:
    engines = [Engine("a", QueryTooLongError("at most 400 characters")), Engine("b", failing())]
    with pytest.raises(FlexuraError) as caught:
        await Federation(engines).ask(order(), SECONDS)
    assert caught.value.reason is Reason.SEARCH_UNAVAILABLE
