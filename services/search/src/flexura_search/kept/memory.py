"""The shelf in this process: what was used last, up to a number of characters."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from flexura_search.domain.materials import Material, SearchMaterial
from flexura_search.kept.sizes import characters_of
from flexura_search.lately import Lately

CHARACTERS_MAX = 32 << 20
MATERIALS_MAX = 20_000
ORDERS_MAX = 20_000
KEPT_S_MAX = 7200.0
FOUND_S_MAX = 3600.0


@dataclass(frozen=True, slots=True)
class Kept:
    material: Material
    until: float


@dataclass(frozen=True, slots=True)
class Order:
    """Which material an order came to, and until when that is an answer to it."""

    name: str
    until: float


class MemoryShelf:
    def __init__(self, characters_max: int = CHARACTERS_MAX, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._materials: Lately[str, Kept] = Lately(MATERIALS_MAX, characters_max, KEPT_S_MAX, clock)
        self._orders: Lately[str, Order] = Lately(ORDERS_MAX, None, FOUND_S_MAX, clock)

    def find(self, order_key: str) -> tuple[str, SearchMaterial] | None:
        order = self._orders.get(order_key)
        if order is None or order.until <= self._clock():
            return None
        material = self.fetch(order.name)
        return (order.name, material) if isinstance(material, SearchMaterial) else None

    def point(self, order_key: str, name: str, found_s: float) -> None:
        self._orders.put(order_key, Order(name, self._clock() + found_s))

    def keep(self, name: str, material: Material, kept_s: float) -> None:
        self._materials.put(name, Kept(material, self._clock() + kept_s), characters_of(material))

    def fetch(self, name: str) -> Material | None:
        kept = self._materials.get(name)
        if kept is None:
            return None
        if kept.until <= self._clock():
            self._materials.drop(name)
            return None
        return kept.material
