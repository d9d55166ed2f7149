"""The shelf that all replicas share."""

import asyncio
from collections.abc import Callable

from flexura_kit.clock import steady
from flexura_search.domain.materials import Material
from flexura_search.kept.bucket import Bucket
from flexura_search.kept.sizes import characters_of, maybe_aside
from flexura_search.kept.writing import Pointer, Written, pack, point, put_together, read_pointer, unpack


class SharedShelf:
    def __init__(self, bucket: Bucket, clock: Callable[[], float] = steady.time) -> None:
        self._bucket = bucket
        self._clock = clock

    async def find(self, order_key: str) -> tuple[str, float] | None:
        """The name under which the order's material is kept, and for how many seconds it still holds."""
        value = await self._bucket.get(f"order.{order_key}")
        pointer = read_pointer(value) if value else None
        if pointer is None or pointer.expires_at <= self._clock():
            return None
        return pointer.name, pointer.expires_at - self._clock()

    async def keep(
        self, name: str, material: Material, kept_s: float, order_key: str = "", found_s: float = 0.0
    ) -> None:
        if not self._bucket.is_open:
            return
        now = self._clock()
        packed = await maybe_aside(characters_of(material), pack, material, now + kept_s)
        texts = [self._bucket.put(f"text.{text_name}", text) for text_name, text in packed.texts.items()]
        # What points comes after what it points to.
        if not all(await asyncio.gather(*texts)) or not await self._bucket.put(f"material.{name}", packed.value):
            return
        if order_key:
            await self._bucket.put(f"order.{order_key}", point(Pointer(expires_at=now + found_s, name=name)))

    async def fetch(self, name: str) -> tuple[Material, float] | None:
        """The material and for how many seconds it still holds."""
        value = await self._bucket.get(f"material.{name}")
        written = unpack(value) if value else None
        if written is None or written.expires_at <= self._clock():
            return None
        material = await self._whole(written)
        return None if material is None else (material, written.expires_at - self._clock())

    async def _whole(self, written: Written) -> Material | None:
        names = list(written.names)
        values = await asyncio.gather(*(self._bucket.get(f"text.{name}") for name in names))
        texts = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        return await maybe_aside(sum(map(len, texts.values())), put_together, written, texts)
