"""How many searches may be under way, of one account and of all."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from flexura_kit.errors import FlexuraError, Kind, Reason

RETRY_AFTER_MS = "1000"


class Places:
    """Nobody waits for a place: whoever finds none is told when to come again."""

    def __init__(self, of_account_max: int, of_all_max: int) -> None:
        self._of_account_max = of_account_max
        self._of_all_max = of_all_max
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one(self, account_id: str) -> Iterator[None]:
        if self._taken[account_id] >= self._of_account_max:
            raise FlexuraError(
                Kind.LIMITED,
                Reason.SEARCH_LIMIT,
                f"{self._of_account_max} searches of this account are under way, the most there may be; wait for one",
                limit=str(self._of_account_max),
                retry_after_ms=RETRY_AFTER_MS,
            )
        if self._taken.total() >= self._of_all_max:
            raise FlexuraError(
                Kind.BUSY,
                Reason.OVERLOADED,
                "as many searches are under way as this service takes; try again shortly",
                retry_after_ms=RETRY_AFTER_MS,
            )
        self._taken[account_id] += 1
        try:
            yield
        finally:
            self._taken[account_id] -= 1
            if not self._taken[account_id]:
                del self._taken[account_id]
