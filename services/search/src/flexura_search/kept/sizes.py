"""How large a material is, and what is too much work for the loop."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flexura_search.domain.materials import Material

ENTRY_CHARACTERS = 2048  # What a material takes beside its texts, about.
LONG_CHARACTERS = 100_000  # Takes about a millisecond; a thread costs a search more than that.

P = ParamSpec("P")
T = TypeVar("T")


def characters_of(material: Material) -> int:
    return ENTRY_CHARACTERS + sum(entry.characters for entry in material.entries())


async def maybe_aside(characters: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs in a thread what is long, and the rest at once."""
    if characters > LONG_CHARACTERS:
        return await asyncio.to_thread(function, *args, **kwargs)
    return function(*args, **kwargs)
