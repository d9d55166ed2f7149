"""How many more jobs may be queued, of each account and of all."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, union_all

from flexura_jobs.domain.acceptance import QueueFull, QueueLimits
from flexura_jobs.models import JOBS
from flexura_jobs.store.statements import IS_HINTED, IS_WAITING, TEXT, DialectName, items, items_table
from flexura_kit.ids import AccountId

COUNTED_S = 1.0  # How long a count is good for; what is accepted meanwhile is added to it.
COUNTING_SHARE = 20  # Counting takes at most one part in so many of the writer's time, however long the queues are.
SHARE_UNCOUNTED = 8  # The part of its limit up to which an account's queue is not counted with each commit.

# By the models as well, in the order of the indexes that hold queued jobs only.
COUNT_ALL = union_all(
    *(
        select(JOBS.c.account_id, func.count()).where(part).group_by(JOBS.c.model, JOBS.c.account_id)
        for part in (IS_WAITING, IS_HINTED)
    )
)


@dataclass(slots=True)
class Room:
    """Places that are left, and what to say when none is."""

    places: int
    full: QueueFull


class QueueRoom:
    """Counts all queues at most once a second, and with each commit anew those of accounts that have many jobs queued.

    One replica gives an account exactly its limit. Several may exceed it by what they commit at the same moment, and
    each by its eighth where others fill the queue within a second; all accounts together may exceed theirs by what
    other replicas accept in a second.
    """

    def __init__(
        self,
        dialect: DialectName,
        limits: QueueLimits,
        models: Sequence[str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._models = models
        self._now = now
        self._queued: dict[AccountId, int] = {}
        self._queued_in_all = 0
        self._counted_until = float("-inf")
        asked = items_table(dialect, account_id=TEXT, model=TEXT)
        own_waiting = select(func.count()).where(
            IS_WAITING, JOBS.c.model == asked.c.model, JOBS.c.account_id == asked.c.account_id
        )
        own_hinted = select(func.count()).where(
            # An expression, so that the few hinted jobs are looked at and not all that the account ever had.
            IS_HINTED, JOBS.c.model == asked.c.model, JOBS.c.account_id + "" == asked.c.account_id
        )  # fmt: skip
        self._count_own = select(
            asked.c.account_id,
            own_waiting.correlate(asked).scalar_subquery() + own_hinted.correlate(asked).scalar_subquery(),
        )

    def short(self, connection: Connection, wanted: Mapping[AccountId, int]) -> dict[AccountId, list[Room]]:
        """Answers the room of those accounts only for which it may not do; a place must be free in each."""
        self._count(connection)
        rooms: dict[AccountId, list[Room]] = {}
        if self._queued_in_all + sum(wanted.values()) > self._limits.of_all:
            shared = self._room(self._queued_in_all, self._limits.of_all, is_of_account=False)
            rooms = {account_id: [shared] for account_id in wanted}
        # Far below the limit the count of a second ago will do, whatever other replicas have accepted since.
        near = [
            account_id
            for account_id, jobs in wanted.items()
            if self._queued.get(account_id, 0) + jobs > self._limits.of_account // SHARE_UNCOUNTED
        ]
        for account_id, queued in self._count_exactly(connection, near).items():
            if queued + wanted[account_id] > self._limits.of_account:
                own = self._room(queued, self._limits.of_account, is_of_account=True)
                rooms.setdefault(account_id, []).append(own)
        return rooms

    def take(self, accepted: Mapping[AccountId, int]) -> None:
        """Notes what is added to the queues; too much where it is rolled back, for as long as the count is good."""
        for account_id, jobs in accepted.items():
            self._queued[account_id] = self._queued.get(account_id, 0) + jobs
            self._queued_in_all += jobs

    def _room(self, queued: int, limit: int, *, is_of_account: bool) -> Room:
        # When no place is left, as many are queued as may be, or more where more were before.
        return Room(max(0, limit - queued), QueueFull(max(queued, limit), limit, is_of_account))

    def _count(self, connection: Connection) -> None:
        began = self._now()
        if began < self._counted_until:
            return
        self._queued = {}
        for account_id, jobs in connection.execute(COUNT_ALL):
            self._queued[account_id] = self._queued.get(account_id, 0) + jobs
        self._queued_in_all = sum(self._queued.values())
        ended = self._now()
        self._counted_until = ended + max(COUNTED_S, COUNTING_SHARE * (ended - began))

    def _count_exactly(self, connection: Connection, accounts: Sequence[AccountId]) -> dict[AccountId, int]:
        if not accounts:
            return {}
        asked = [{"account_id": account_id, "model": model} for account_id in accounts for model in self._models]
        queued = dict.fromkeys(accounts, 0)
        for account_id, jobs in connection.execute(self._count_own, items(asked)):
            queued[account_id] += jobs
        return queued
