"""How many searches may be under way, of one account and of all."""

import pytest

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.service.places import Places


def test_an_account_has_its_places_and_all_together_have_theirs() -> None:
    places = Places(of_account_max=2, of_all_max=3)
    with places.one("a"), places.one("a"):
        with pytest.raises(FlexuraError) as of_account, places.one("a"):
            pass
        with places.one("b"), pytest.raises(FlexuraError) as of_all, places.one("c"):
            pass
    assert (of_account.value.kind, of_account.value.reason) == (Kind.LIMITED, Reason.SEARCH_LIMIT)
    assert (of_all.value.kind, of_all.value.reason) == (Kind.BUSY, Reason.OVERLOADED)
    assert all(int(failed.value.metadata["retry_after_ms"]) > 0 for failed in (of_account, of_all))
    with places.one("a"), places.one("a"), places.one("b"):
        pass


def test_a_place_is_given_back_whatever_happens() -> None:
    places = Places(1, 1)
    for _ in range(3):
        with pytest.raises(ValueError, match="odd"), places.one("a"):
            raise ValueError("odd")
