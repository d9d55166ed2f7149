"""How much the edge takes on at once."""

from types import TracebackType

from flexura_kit.errors import FlexuraError, Kind, Reason

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
