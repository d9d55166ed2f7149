"""Answers out of materials: what fits, and how to go on."""

import asyncio
from dataclasses import dataclass
from typing import Generic, TypeVar

from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_search.domain import tokens
from flexura_search.domain.materials import Material, ReadMaterial, SearchMaterial
from flexura_search.domain.packing import Cut, NoRoomError, Place, cut
from flexura_search.lately import Lately
from flexura_search.service.continuations import Continuation, Continuations

ENVELOPE_TOKENS = 190  # What surrounds the results in JSON, the continuation included.
ENVELOPE_TOKENS_EACH = 40  # For each engine that is named.
WHOLE_TOKENS_MAX = 1_000_000  # Of an answer without a budget: a message between services has a limit.
CUTS_MAX = 2000
LONG_CHARACTERS = 50_000  # Pricing more would hold up the loop.

M = TypeVar("M", SearchMaterial, ReadMaterial)


@dataclass(frozen=True, slots=True)
class Answer(Generic[M]):
    """A part of a material that fits the budget."""

    material: M
    cut: Cut
    continuation: str
    tokens: int
    is_kept: bool = False


class Cutter:
    """Cuts what is kept once for each budget: whoever asks the same is answered with the same."""

    def __init__(self, continuations: Continuations) -> None:
        self._continuations = continuations
        self._lately: Lately[tuple[str, Place, int], Cut] = Lately(CUTS_MAX)

    async def cut(self, account_id: str, name: str, material: M, place: Place, tokens_max: int) -> Answer[M]:
        """An answer from what is kept under the name; raises INVALID_REQUEST where not even a piece fits."""
        key = (name, place, tokens_max)
        taken = self._lately.get(key)
        if taken is None:
            taken = await taken_from(material, place, tokens_max)
            self._lately.put(key, taken)
        return self.answer(account_id, name, material, taken)

    def answer(self, account_id: str, name: str, material: M, taken: Cut) -> Answer[M]:
        continuation = self._continuations.write(account_id, Continuation(name, taken.rest)) if taken.rest else ""
        return Answer(material, taken, continuation, envelope_tokens(material) + taken.tokens)


async def taken_from(material: Material, place: Place, tokens_max: int) -> Cut:
    envelope = envelope_tokens(material)
    room = (tokens_max or WHOLE_TOKENS_MAX) - envelope
    try:
        taken = await cut_aside(material, place, max(0, room))
    except NoRoomError as error:
        raise no_room(envelope + error.needed) from error
    if room < 0:
        # There is nothing to take, and what surrounds it is too long.
        raise no_room(envelope)
    return taken


async def cut_aside(material: Material, place: Place, room: int) -> Cut:
    """Cuts in a thread what is long, and the rest at once."""
    entries = material.entries()
    if sum(entry.characters for entry in entries) > LONG_CHARACTERS:
        return await asyncio.to_thread(cut, entries, place, room)
    return cut(entries, place, room)


def envelope_tokens(material: Material) -> int:
    texts = material.envelope()
    return ENVELOPE_TOKENS + ENVELOPE_TOKENS_EACH * len(texts) + tokens.of_all(texts)


def no_room(needed: int) -> FlexuraError:
    message = f"`max_tokens` has no room for the next piece of the answer; it needs about {needed}"
    return FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, [FieldViolation("max_tokens", message)])
