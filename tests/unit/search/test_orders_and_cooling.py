"""What is wrong with a request, all of it at once; and when an engine that failed is asked again."""

import pytest

from flexura_kit.errors import FlexuraError, Reason
from flexura_search.domain.cooling import REFUSED_S, REST_S, REST_S_MAX, SAID_S_MAX, Cooling
from flexura_search.domain.findings import EngineStatus
from flexura_search.domain.queries import Asked, AskedPages, TimeRange, Topic
from flexura_search.service.orders import check_pages, order_of

ENGINES = {"brave": frozenset(Topic), "exa": frozenset({Topic.GENERAL})}
RIGHT = {"account_id": "acc_1", "queries": ("otters",)}


def faults(**fields: object) -> set[str]:
    with pytest.raises(FlexuraError) as failed:
        order_of(Asked(**RIGHT | fields), ENGINES)  # type: ignore[arg-type]
    assert failed.value.reason is Reason.INVALID_REQUEST
    assert all(violation.message for violation in failed.value.violations)
    return {violation.field for violation in failed.value.violations}


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("account_id", {"account_id": ""}),
        ("query", {"queries": ()}),
        ("query", {"queries": ("a",) * 6}),
        ("query", {"queries": ("fine", " \t")}),
        ("query", {"queries": ("x" * 2001,)}),
        ("max_results", {"results_max": 51}),
        ("max_results", {"results_max": -1}),
        ("start_date", {"start_date": "2026-02-30"}),
        ("end_date", {"end_date": "tomorrow"}),
        ("end_date", {"end_date": "20260301"}),
        ("start_date", {"start_date": "2026-03-02", "end_date": "2026-03-01"}),
        ("time_range", {"time_range": TimeRange.DAY, "start_date": "2026-03-01"}),
        ("country", {"country": "deu"}),
        ("language", {"language": "1x"}),
        ("include_domains", {"include_domains": tuple(f"{n}.example" for n in range(101))}),
        ("exclude_domains[1]", {"exclude_domains": ("a.example", "https://b.example/x")}),
        ("max_tokens", {"tokens_max": 499}),
        ("max_tokens", {"tokens_max": 1_000_001}),
        ("timeout_ms", {"timeout_ms": 499}),
        ("timeout_ms", {"timeout_ms": 25_001}),
        ("engines", {"engines": ("bing",)}),
        ("engines", {"engines": ("exa",), "topic": Topic.IMAGES}),
    ],
)
def test_a_wrong_field_is_named(field: str, fields: dict[str, object]) -> None:
    assert faults(**fields) == {field}


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert faults(queries=("",), results_max=99, country="x", engines=("bing",)) == {
        "query",
        "max_results",
        "country",
        "engines",
    }


def test_what_means_the_same_is_the_same_order() -> None:
    one = order_of(Asked(**RIGHT | {"queries": ("cold  rivers", "cold rivers")}, country="DE"), {})  # type: ignore[arg-type]
    other = order_of(Asked("acc_2", ("cold rivers",), country="de", results_max=10, include_domains=()), {})
    assert one == other


def test_domains_are_taken_as_people_write_them() -> None:
    order = order_of(Asked(**RIGHT, include_domains=("*.A.Example.", "bücher.example", "a.example")), {})  # type: ignore[arg-type]
    assert order.queries[0].include_domains == ("a.example", "xn--bcher-kva.example")


@pytest.mark.parametrize("urls", [(), ("x",), ("ftp://a.example/",), tuple(["https://a.example/"] * 21)])
def test_what_is_no_list_of_pages_is_refused(urls: tuple[str, ...]) -> None:
    with pytest.raises(FlexuraError) as failed:
        check_pages(AskedPages("acc_1", urls))
    assert failed.value.violations[0].field.startswith("urls")


def test_one_failure_is_borne_and_the_next_one_brings_a_rest_that_grows() -> None:
    cooling, now, rests = Cooling(), 0.0, []
    cooling.learn(EngineStatus.UNREACHABLE, "", now, now)
    assert cooling.admits(now)
    for _ in range(2000):
        cooling.learn(EngineStatus.UNREACHABLE, "", now, now)
        rests.append(cooling.remaining_s(now))
        assert not cooling.admits(now)
        now = cooling.until
        assert cooling.admits(now)
    assert rests[:3] == [REST_S, 2 * REST_S, 4 * REST_S]
    assert rests[-1] == REST_S_MAX


def test_one_probe_goes_out_after_the_rest() -> None:
    cooling = Cooling()
    cooling.learn(EngineStatus.LIMITED, "", 0.0, 0.0, retry_after_s=20)
    assert not cooling.admits(19.9)
    assert cooling.admits(20.0)
    assert not cooling.admits(20.0)
    cooling.release()
    assert cooling.admits(20.0)
    cooling.learn(EngineStatus.EMPTY, "", 21.0, 20.0)
    assert cooling.admits(21.0)
    assert cooling.admits(21.0)


@pytest.mark.parametrize(("asked_s", "waits_s"), [(1e9, SAID_S_MAX), (0.001, 1.0), (45, 45)])
def test_a_retry_after_is_honoured_within_bounds(asked_s: float, waits_s: float) -> None:
    cooling = Cooling()
    cooling.learn(EngineStatus.LIMITED, "", 0.0, 0.0, retry_after_s=asked_s)
    assert cooling.remaining_s(0.0) == waits_s


def test_a_key_that_is_refused_is_not_tried_sooner_for_being_asked() -> None:
    cooling = Cooling()
    cooling.learn(EngineStatus.QUOTA_USED, "", 0.0, 0.0, retry_after_s=1)
    assert cooling.remaining_s(0.0) == REFUSED_S


def test_questions_that_were_under_way_together_fail_once() -> None:
    cooling = Cooling()
    for _ in range(10):
        cooling.learn(EngineStatus.UNREACHABLE, "", 5.0, 0.0)
    assert cooling.remaining_s(5.0) == REST_S
