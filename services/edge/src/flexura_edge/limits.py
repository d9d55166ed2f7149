"""How much the edge takes on at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId

RETRY_AFTER_MS = 1000


class Limit:
    """Counts what is under way and refuses what goes beyond; nothing waits in line."""

    def __init__(self, what: str, at_most: int) -> None:
        self._what = what
        self._at_most = at_most
        self.under_way = 0

    def __enter__(self) -> None:
        if self.under_way >= self._at_most:
            raise FlexuraError(
                Kind.BUSY,
                Reason.OVERLOADED,
                f"{self._at_most} {self._what} are under way, as many as this server takes; try again in a second",
                retry_after_ms=str(RETRY_AFTER_MS),
            )
        self.under_way += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.under_way -= 1


class StreamLimit:
    """So many streams in all, and of one account, so that none keeps the others out."""

    def __init__(self, all_streams: Limit, of_account_max: int) -> None:
        self._all = all_streams
        self._of_account_max = of_account_max
        self._of_account: Counter[AccountId] = Counter()

    @contextmanager
    def of(self, account_id: AccountId) -> Iterator[None]:
        if self._of_account[account_id] >= self._of_account_max:
            raise FlexuraError(
                Kind.LIMITED,
                Reason.EVENT_STREAM_LIMIT,
                f"{self._of_account_max} event streams of this account are open, as many as this server takes; close"
                " one, or read the feed in pages",
                limit=str(self._of_account_max),
                retry_after_ms=str(RETRY_AFTER_MS),
            )
        with self._all:
            self._of_account[account_id] += 1
            try:
                yield
            finally:
                self._of_account[account_id] -= 1
                if not self._of_account[account_id]:
                    del self._of_account[account_id]
