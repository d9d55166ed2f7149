"""Whose jobs go next: the account that has had the fewest turns, in a ring where they are even."""

import heapq
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TypeVar

from flexura_kit.ids import AccountId

Item = TypeVar("Item")

REMEMBERED_MAX = 4096  # Turns whose jobs may be under way still; more than the slots of a model.


class FairShare:
    """The turns of all accounts at one model; deficit round robin in which every job costs one unit.

    A turn is given before its job begins: whoever comes anew finds the queue full of others' hints. So it begins with
    as many turns as the others had without those that are under way still, and catches up. To lose the memory, as with
    a new leader, only makes all accounts even.
    """

    def __init__(self) -> None:
        self.last_served: AccountId | None = None
        self._turns: dict[AccountId, int] = {}
        self._given: deque[AccountId] = deque(maxlen=REMEMBERED_MAX)
        self._floor = 0

    def pick(self, waiting: Mapping[AccountId, Sequence[Item]], room: int, under_way: int) -> list[Item]:
        """Picks up to `room` items; of the turns that were given, the latest `under_way` delay whoever comes anew."""
        queues = {account: deque(items) for account, items in waiting.items() if items}
        self._even_out(queues, under_way)
        ring = enumerate(after(sorted(queues), self.last_served))
        order = [(self._turns[account], place, account) for place, account in ring]
        heapq.heapify(order)
        picked: list[Item] = []
        while order and len(picked) < room:
            had, place, account = heapq.heappop(order)
            picked.append(queues[account].popleft())
            self._give_turn(account)
            if queues[account]:
                heapq.heappush(order, (had + 1, place, account))
        return picked

    def _even_out(self, accounts: Mapping[AccountId, object], under_way: int) -> None:
        """Lets nobody save up turns while it has nothing to do, or be held to those that it had when alone."""
        pending = Counter(islice(reversed(self._given), under_way))
        ended = [self._turns[account] - pending[account] for account in accounts if account in self._turns]
        self._floor = max(self._floor, min(ended, default=self._floor))
        self._turns = {account: turns for account, turns in self._turns.items() if turns > self._floor}
        for account in accounts:
            self._turns.setdefault(account, self._floor)

    def _give_turn(self, account: AccountId) -> None:
        self._turns[account] += 1
        self._given.append(account)
        self.last_served = account


def after(accounts: Sequence[AccountId], last_served: AccountId | None) -> list[AccountId]:
    """Turns the ring so that whoever comes after the last one served is first."""
    start = bisect_right(accounts, last_served) if last_served is not None else 0
    return [*accounts[start:], *accounts[:start]]
