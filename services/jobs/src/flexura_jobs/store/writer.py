"""One writer that commits for all: whoever wants to write meanwhile shares the next transaction."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from prometheus_client import Counter, Histogram
from sqlalchemy import Connection

from flexura_jobs.store.events import EventLog, NewEvent
from flexura_kit import log
from flexura_kit.batch import same_error
from flexura_kit.db import Transactions
from flexura_kit.errors import FlexuraError, Kind, Reason

UNITS_WAITING_MAX = 2048
ITEMS_PER_COMMIT_MAX = 512
BUSY_MAX = 2  # In a row. One may be a bad unit: SQLite calls many a fault of a statement operational.
TRIES_ALONE = 3  # Two replicas may lock rows crosswise; the database ends one of them, and a repeat succeeds.

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)

WRITE_ITEMS = Histogram(
    "flexura_jobs_write_items", "Items written in one transaction.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
)
STATE_CHANGES = Counter("flexura_jobs_state_changes", "Jobs that went to a state.", ["state"])
WRITE_SECONDS = Histogram(
    "flexura_jobs_write_seconds",
    "Time that one transaction takes, commit included.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)

logger = log.get_logger()


class Operation(Protocol[Item_contra, Result_co]):
    """A change of many rows at once. It may be run again, with all of its items or with some."""

    def run(self, connection: Connection, items: Sequence[Item_contra], events: list[NewEvent]) -> Sequence[Result_co]:
        """Answers one result per item, in order, and adds the events that are to be committed with it."""


@dataclass(eq=False, slots=True)
class Unit(Generic[ItemT, ResultT]):
    """What one caller wants written: all of it or nothing."""

    operation: Operation[ItemT, ResultT]
    items: Sequence[ItemT]
    answer: asyncio.Future[Sequence[ResultT]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


Answered = tuple[Unit[Any, Any], Sequence[Any]]
Committed = Callable[[Sequence[NewEvent]], None]


class Writer:
    """Callers wait for the commit that holds their rows; `run` is owned by the process.

    `committed` is told the events of each commit after it; it must not wait.
    """

    def __init__(self, transactions: Transactions, committed: Committed = lambda _events: None) -> None:
        self._transactions = transactions
        self._committed = committed
        self._event_log = EventLog(transactions.dialect)
        self._waiting: asyncio.Queue[Unit[Any, Any]] = asyncio.Queue(UNITS_WAITING_MAX)
        self._has_stopped = False

    async def write(self, operation: Operation[ItemT, ResultT], items: Sequence[ItemT]) -> Sequence[ResultT]:
        """Answers once the items are committed; one result per item, in order."""
        if not items:
            return []
        if self._has_stopped:
            raise stopping()
        unit = Unit(operation, items)
        try:
            self._waiting.put_nowait(unit)
        except asyncio.QueueFull:
            raise FlexuraError(Kind.BUSY, Reason.OVERLOADED, "too many writes are waiting; try again shortly") from None
        return await unit.answer

    async def run(self) -> None:
        """Commits group after group until it is cancelled, then fails whoever still waits."""
        try:
            while True:
                await self._serve(await self._next_group())
        finally:
            self._has_stopped = True
            while not self._waiting.empty():
                fail(self._waiting.get_nowait(), stopping())

    async def _next_group(self) -> list[Unit[Any, Any]]:
        group = [await self._waiting.get()]
        size = len(group[0].items)
        while size < ITEMS_PER_COMMIT_MAX and not self._waiting.empty():
            unit = self._waiting.get_nowait()
            group.append(unit)
            size += len(unit.items)
        # Nobody waits for the result of a unit whose caller has gone before it began.
        return [unit for unit in group if not unit.answer.done()]

    async def _serve(self, group: list[Unit[Any, Any]]) -> None:
        try:
            if group:
                await self._commit_together(group)
        finally:
            # Only where it was cut off: whoever has an answer keeps it.
            for unit in group:
                fail(unit, stopping())

    async def _commit_together(self, group: list[Unit[Any, Any]]) -> None:
        try:
            await self._commit(group)
        except Exception as error:  # noqa: BLE001 - The top of a loop: one bad unit must fail itself alone.
            logger.warning("group_commit_failed", units=len(group), error=repr(error))
            await self._commit_one_by_one(group)

    async def _commit_one_by_one(self, group: list[Unit[Any, Any]]) -> None:
        busy_in_a_row = 0
        for position, unit in enumerate(group):
            error = await self._commit_alone(unit)
            if not isinstance(error, FlexuraError):
                busy_in_a_row = 0
                continue
            busy_in_a_row += 1
            if busy_in_a_row == BUSY_MAX:
                # The database itself cannot be used: asking once for each would only make everybody wait longer.
                for other in group[position:]:
                    fail(other, same_error(error))
                return

    async def _commit_alone(self, unit: Unit[Any, Any]) -> Exception | None:
        """Commits one unit or fails it; answers what it failed with."""
        for tries_left in reversed(range(TRIES_ALONE)):
            try:
                await self._commit([unit])
            except Exception as error:  # noqa: BLE001 - The caller raises it; the loop goes on for the others.
                if tries_left == 0 or not was_rolled_back_for_another(error):
                    fail(unit, error)
                    return error
            else:
                return None
        return None

    async def _commit(self, group: list[Unit[Any, Any]]) -> None:
        WRITE_ITEMS.observe(sum(len(unit.items) for unit in group))
        with WRITE_SECONDS.time():
            results, events = await self._transactions.write(partial(self._run, group))
        for event in events:
            STATE_CHANGES.labels(event.state.value).inc()
        for unit, answer in results:
            if not unit.answer.done():
                unit.answer.set_result(answer)
        self._committed(events)

    def _run(self, group: list[Unit[Any, Any]], connection: Connection) -> tuple[list[Answered], list[NewEvent]]:
        results: list[Answered] = []
        events: list[NewEvent] = []
        for units in by_operation(group):
            together = [item for unit in units for item in unit.items]
            answers = iter(units[0].operation.run(connection, together, events))
            results += [(unit, [next(answers) for _ in unit.items]) for unit in units]
        # Last, and sorted: the counters of accounts are locked for as short as can be and in one order.
        self._event_log.record(connection, events)
        return results, events


def by_operation(group: list[Unit[Any, Any]]) -> list[list[Unit[Any, Any]]]:
    """Units of one operation run as one statement; concurrent units have no order that anybody could rely on."""
    kinds: dict[int, list[Unit[Any, Any]]] = {}
    for unit in group:
        kinds.setdefault(id(unit.operation), []).append(unit)
    return list(kinds.values())


def was_rolled_back_for_another(error: Exception) -> bool:
    """Tells a deadlock or a serialization failure: of those, PostgreSQL says that the same again may succeed."""
    sqlstate = getattr(getattr(error.__cause__, "orig", None), "sqlstate", None) or ""
    return sqlstate.startswith("40")


def fail(unit: Unit[Any, Any], error: Exception) -> None:
    if not unit.answer.done():
        unit.answer.set_exception(error)


def stopping() -> FlexuraError:
    return FlexuraError(Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the jobs service is stopping", service="jobs")
