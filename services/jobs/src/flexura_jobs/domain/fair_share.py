"""Whose jobs go next: deficit round robin over accounts."""

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TypeVar

from flexura_kit.ids import AccountId

Item = TypeVar("Item")


def turns(
    waiting: Mapping[AccountId, Sequence[Item]], room: int, last_served: AccountId | None
) -> tuple[list[Item], AccountId | None]:
    """Picks up to `room` items, one from each account in turn, beginning after the account served last.

    Every job costs one unit and every turn grants one, so a deficit is never carried: where an account stands in
    the ring is all that has to be remembered. Answers the items and the account served last.
    """
    ring = deque((account, deque(waiting[account])) for account in after(sorted(waiting), last_served))
    picked: list[Item] = []
    while ring and len(picked) < room:
        account, items = ring.popleft()
        if not items:
            continue
        picked.append(items.popleft())
        last_served = account
        ring.append((account, items))
    return picked, last_served


def after(accounts: Sequence[AccountId], last_served: AccountId | None) -> list[AccountId]:
    """Turns the ring so that whoever comes after the last one served is first."""
    start = bisect_right(accounts, last_served) if last_served is not None else 0
    return [*accounts[start:], *accounts[:start]]
