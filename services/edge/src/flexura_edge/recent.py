"""A bounded memory of what was learned lately."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

TIDY_S = 5.0
ENTRY_BYTES = 400  # What one costs beside its value: its key, its place in two orders, and their share of tables.
BYTES_MAX = 16 << 20


class Tidied(Protocol):
    """Anything that remembers for a while."""

    def drop_expired(self) -> None: ...


async def keep_tidy(memories: Iterable[Tidied]) -> None:
    """Drops what is too old again and again, for as long as the process runs: nobody may ask for it any more."""
    kept = tuple(memories)
    while True:
        await asyncio.sleep(TIDY_S)
        for memory in kept:
            memory.drop_expired()


class Recent(Generic[Key, Value]):
    """Keeps values for `kept_s`, and of those `items_max` and `bytes_max` at most; what was used longest ago goes."""

    def __init__(
        self,
        items_max: int,
        kept_s: float,
        now: Callable[[], float] = time.monotonic,
        *,
        bytes_max: int = BYTES_MAX,
        size_of: Callable[[Value], int] = lambda _: 0,
    ) -> None:
        self._items_max = items_max
        self._kept_s = kept_s
        self._now = now
        self._bytes_max = bytes_max
        self._size_of = size_of
        self._items: OrderedDict[Key, tuple[Value | None, float, int]] = OrderedDict()
        self._by_age: OrderedDict[Key, float] = OrderedDict()
        """When each one expires, the oldest first: all are kept for the same time."""
        self.size_bytes = 0

    def get(self, key: Key) -> Value | None:
        item = self._items.get(key)
        if item is None:
            return None
        value, until, _ = item
        if self._now() >= until:
            self.drop(key)
            return None
        self._items.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> None:
        self._put(key, value)

    def learn(self, key: Key, value: Value) -> None:
        """Like put, for what never changes: a value that was forgotten meanwhile stays so."""
        self.drop_expired()
        if key not in self._items:
            self.put(key, value)

    def drop(self, key: Key) -> None:
        item = self._items.pop(key, None)
        if item is not None:
            del self._by_age[key]
            self.size_bytes -= item[2]

    def forget(self, key: Key) -> None:
        """Drops a value, and keeps a read that is under way from teaching it again."""
        self._put(key, None)

    def drop_expired(self) -> None:
        now = self._now()
        while self._by_age:
            key, until = next(iter(self._by_age.items()))
            if until > now:
                return
            self.drop(key)

    def items(self) -> list[tuple[Key, Value]]:
        return [(key, value) for key, (value, _until, _size) in self._items.items() if value is not None]

    def values(self) -> list[Value]:
        return [value for _key, value in self.items()]

    def __len__(self) -> int:
        return len(self._items)

    def _put(self, key: Key, value: Value | None) -> None:
        self.drop(key)
        size_bytes = ENTRY_BYTES + (0 if value is None else self._size_of(value))
        until = self._now() + self._kept_s
        self._items[key] = (value, until, size_bytes)
        self._by_age[key] = until
        self.size_bytes += size_bytes
        self.drop_expired()
        while self._items and (len(self._items) > self._items_max or self.size_bytes > self._bytes_max):
            self.drop(next(iter(self._items)))
