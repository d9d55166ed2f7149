"""A bounded memory of what was learned lately."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Keeps at most `items_max` values, each for `kept_s` at most; the least recently used goes first."""

    def __init__(self, items_max: int, kept_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._items_max = items_max
        self._kept_s = kept_s
        self._now = now
        self._items: OrderedDict[Key, tuple[Value | None, float]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        item = self._items.get(key)
        if item is None:
            return None
        value, until = item
        if self._now() >= until:
            del self._items[key]
            return None
        self._items.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> None:
        self._put(key, value)

    def learn(self, key: Key, value: Value) -> None:
        """Like put, for what never changes: a value that was forgotten meanwhile stays so."""
        if key not in self._items:
            self.put(key, value)

    def drop(self, key: Key) -> None:
        self._items.pop(key, None)

    def forget(self, key: Key) -> None:
        """Drops a value, and keeps a read that is under way from teaching it again."""
        self._items.pop(key, None)
        self._put(key, None)

    def items(self) -> list[tuple[Key, Value]]:
        return [(key, value) for key, (value, _until) in self._items.items() if value is not None]

    def values(self) -> list[Value]:
        return [value for _key, value in self.items()]

    def __len__(self) -> int:
        return len(self._items)

    def _put(self, key: Key, value: Value | None) -> None:
        self._items[key] = (value, self._now() + self._kept_s)
        self._items.move_to_end(key)
        if len(self._items) > self._items_max:
            self._items.popitem(last=False)
