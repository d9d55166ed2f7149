"""The shelf in this process: what was used last, up to a number of characters."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from flexura_search.domain.materials import Material, SearchMaterial
from flexura_search.kept.sizes import characters_of

CHARACTERS_MAX = 32 << 20
ORDERS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Kept:
    material: Material
    until: float
    characters: int


@dataclass(frozen=True, slots=True)
class Order:
    """Which material an order came to, and until when that is an answer to it."""

    name: str
    until: float


class MemoryShelf:
    def __init__(self, characters_max: int = CHARACTERS_MAX, clock: Callable[[], float] = monotonic) -> None:
        self._characters_max = characters_max
        self._clock = clock
        self._characters = 0
        self._materials: OrderedDict[str, Kept] = OrderedDict()
        self._orders: OrderedDict[str, Order] = OrderedDict()

    def find(self, order_key: str) -> tuple[str, SearchMaterial] | None:
        order = self._orders.get(order_key)
        if order is None or order.until <= self._clock():
            return None
        material = self.fetch(order.name)
        return (order.name, material) if isinstance(material, SearchMaterial) else None

    def point(self, order_key: str, name: str, found_s: float) -> None:
        self._orders[order_key] = Order(name, self._clock() + found_s)
        self._orders.move_to_end(order_key)
        if len(self._orders) > ORDERS_MAX:
            self._orders.popitem(last=False)

    def keep(self, name: str, material: Material, kept_s: float) -> None:
        self._drop(name)
        kept = Kept(material, self._clock() + kept_s, characters_of(material))
        if kept.characters > self._characters_max:
            return
        self._materials[name] = kept
        self._characters += kept.characters
        while self._characters > self._characters_max:
            self._drop(next(iter(self._materials)))

    def fetch(self, name: str) -> Material | None:
        kept = self._materials.get(name)
        if kept is None:
            return None
        if kept.until <= self._clock():
            self._drop(name)
            return None
        self._materials.move_to_end(name)
        return kept.material

    def _drop(self, name: str) -> None:
        kept = self._materials.pop(name, None)
        if kept is not None:
            self._characters -= kept.characters
