"""What a search answers while no engine is set up, and which requests are wrong whatever is set up."""

import pytest

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId
from flexura_search.service import Search

ACCOUNT = AccountId("acc_" + "0" * 32)


def refusal(account_id: AccountId = ACCOUNT, query: str = "otters", max_results: int = 0) -> FlexuraError:
    with pytest.raises(FlexuraError) as refused:
        Search().search(account_id, query, max_results)
    return refused.value


@pytest.mark.parametrize(("query", "max_results"), [("x", 0), ("x" * 2000, 1), ("水獭", 50)])
def test_a_right_request_finds_no_engine(query: str, max_results: int) -> None:
    error = refusal(query=query, max_results=max_results)

    assert (error.kind, error.reason) == (Kind.BUSY, Reason.SEARCH_UNAVAILABLE)
    assert error.metadata == {"engines": ""}


@pytest.mark.parametrize("query", ["", " \t\n", "x" * 2001])
def test_a_query_takes_1_to_2000_characters(query: str) -> None:
    error = refusal(query=query)

    assert error.kind is Kind.INVALID
    assert [violation.field for violation in error.violations] == ["query"]
    assert "1 to 2,000 characters" in error.message


@pytest.mark.parametrize("max_results", [-1, 51])
def test_max_results_takes_1_to_50(max_results: int) -> None:
    assert [violation.field for violation in refusal(max_results=max_results).violations] == ["max_results"]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    error = refusal(AccountId(""), "", 1000)

    assert [violation.field for violation in error.violations] == ["account_id", "query", "max_results"]


def test_no_engine_is_set_up() -> None:
    assert Search().engines == ()
