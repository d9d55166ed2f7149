"""A bounded memory of what was used lately."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

SWEEP_S = 30.0


class Lately(Generic[K, V]):
    """Drops what was not used for longest, so that neither the weight of all nor their number is too large.

    What was put more than `age_s_max` ago goes as well, whether anybody asks for it or not, as soon as more is put.
    """

    def __init__(
        self,
        entries_max: int,
        weight_max: int | None = None,
        age_s_max: float | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._age_s_max = age_s_max
        self._clock = clock
        self._swept_at = clock()
        self._entries_max = entries_max
        self._weight_max = weight_max
        self._weight = 0
        self._entries: OrderedDict[K, tuple[V, int, float]] = OrderedDict()

    def get(self, key: K) -> V | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, weight: int = 0) -> None:
        """What is heavier than all may be together is not kept, nor what was kept in its place."""
        self.drop(key)
        if self._weight_max is not None and weight > self._weight_max:
            return
        self._entries[key] = value, weight, self._clock()
        self._weight += weight
        while self._is_full():
            self.drop(next(iter(self._entries)))
        self._sweep()

    def drop(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._weight -= entry[1]

    def _is_full(self) -> bool:
        is_heavy = self._weight_max is not None and self._weight > self._weight_max
        return is_heavy or len(self._entries) > self._entries_max

    def _sweep(self) -> None:
        now = self._clock()
        if self._age_s_max is None or now - self._swept_at < SWEEP_S:
            return
        self._swept_at = now
        for key in [key for key, (_, _, put_at) in self._entries.items() if now - put_at > self._age_s_max]:
            self.drop(key)
