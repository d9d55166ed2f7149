"""What is wrong with a request, all of it at once, and what is ordered by one that is right."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flexura_kit.errors import FlexuraError, Reason
from flexura_search.domain.queries import Asked, AskedPages, TimeRange, Topic
from flexura_search.service.orders import FAULTS_MAX, check_pages, order_of

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
        ("query[1]", {"queries": ("fine", " \t")}),
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
        ("include_domains[0]", {"include_domains": ("bücher.example/path",)}),
        ("include_domains[0]", {"include_domains": ("somebody@bücher.example",)}),
        ("include_domains[0]", {"include_domains": ("",)}),
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


@pytest.mark.parametrize("urls", [(), tuple(["https://a.example/"] * 21)])
def test_what_is_no_list_of_pages_is_refused(urls: tuple[str, ...]) -> None:
    with pytest.raises(FlexuraError) as failed:
        check_pages(AskedPages("acc_1", urls))
    assert failed.value.violations[0].field.startswith("urls")


def test_what_is_wrong_fits_into_an_error() -> None:
    with pytest.raises(FlexuraError) as failed:
        order_of(Asked(**RIGHT, include_domains=("/",) * 100, exclude_domains=("/",) * 100), ENGINES)  # type: ignore[arg-type]
    assert len(failed.value.violations) == FAULTS_MAX
    assert failed.value.message.endswith(f"and {200 - FAULTS_MAX} more")
    # An error travels in the trailing metadata of a call, which may have 8 KiB.
    assert 2 * len(failed.value.message) + sum(len(str(fault)) for fault in failed.value.violations) < 6000


def test_sites_for_small_screens_are_asked_for_by_the_addresses_that_are_answered() -> None:
    order = order_of(Asked(**RIGHT, include_domains=("en.m.wiki.example", "en.wiki.example", "m.example")), {})  # type: ignore[arg-type]
    assert order.queries[0].include_domains == ("en.wiki.example", "m.example")


TEXTS = st.lists(st.text(max_size=12), max_size=3).map(tuple)


@given(st.builds(Asked, st.text(max_size=3), TEXTS, st.integers(-1, 60), include_domains=TEXTS, exclude_domains=TEXTS))
@settings(max_examples=100, deadline=None)
def test_whatever_is_asked_is_an_order_or_is_told_what_is_wrong(asked: Asked) -> None:
    try:
        order = order_of(asked, ENGINES)
    except FlexuraError as error:
        assert error.reason is Reason.INVALID_REQUEST  # noqa: PT017 - either is right.
        assert error.violations  # noqa: PT017
    else:
        assert order == order_of(asked, ENGINES)


def test_a_query_is_bounded_in_bytes_of_utf_8() -> None:
    assert order_of(Asked("acc_1", ("a" * 2000,)), {}).queries
    assert order_of(Asked("acc_1", ("水" * 666,)), {}).queries
    with pytest.raises(FlexuraError, match="2,000 bytes of UTF-8, about 660 Chinese characters, and has 4,500"):
        order_of(Asked("acc_1", ("水" * 1500,)), {})


@pytest.mark.parametrize("unit", ["ü", "a", "ß.", "。"])
def test_a_domain_that_no_name_server_could_know_is_refused_at_once(unit: str) -> None:
    # Encoded before it was measured, this took 51 seconds.
    with pytest.raises(FlexuraError, match=r"include_domains\[0\]` must be a domain"):
        order_of(Asked("acc_1", ("otters",), include_domains=(unit * 58_000,)), {})


def test_sharp_s_is_a_letter_of_its_own_in_a_domain() -> None:
    order = order_of(Asked("acc_1", ("otters",), include_domains=("Faß.example", "fass.example")), {})
    assert order.queries[0].include_domains == ("xn--fa-hia.example", "fass.example")
