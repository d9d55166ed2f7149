"""Reading pages, for whoever names them and for what a search found."""

import asyncio
from collections.abc import Sequence

from flexura_kit import log
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.domain.materials import Reading, ReadMaterial, Unread
from flexura_search.domain.packing import Place
from flexura_search.domain.queries import AskedPages, TextFormat
from flexura_search.ports import PageReader, Shelf
from flexura_search.service.continuations import Continuations, expired
from flexura_search.service.cutting import Answer, Cutter, taken_from
from flexura_search.service.orders import READ_TIMEOUT_MS, check_continuation, check_pages
from flexura_search.service.places import Places

KEPT_S = 7200.0

logger = log.get_logger()


async def read_all(
    reader: PageReader, urls: Sequence[str], text_format: TextFormat, query: str, timeout_s: float
) -> list[Reading]:
    """Reads pages side by side; each has its own outcome, and all are there in time."""

    async def read(url: str) -> Reading:
        try:
            async with asyncio.timeout(timeout_s):
                return Reading(url, await reader.read(url, text_format, query, timeout_s))
        except TimeoutError:
            return Reading(url, unread=LATE)
        except FlexuraError as error:
            return Reading(url, unread=Unread(error.kind, error.reason, error.message))
        except Exception:
            # Whatever is wrong with one page, the others are read; its text stays in the log.
            logger.exception("page_crashed")
            return Reading(url, unread=CRASHED)

    return list(await asyncio.gather(*map(read, urls)))


CRASHED = Unread(Kind.REFUSED, Reason.PAGE_UNREADABLE, "the page cannot be understood: use another source")
LATE = Unread(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "the page could not be read in the time that was left")


class PageReadings:
    """Reads the pages that a caller names."""

    def __init__(self, reader: PageReader, shelf: Shelf, continuations: Continuations, places: Places) -> None:
        self._reader = reader
        self._shelf = shelf
        self._continuations = continuations
        self._cutter = Cutter(continuations)
        self._places = places

    async def read(self, asked: AskedPages) -> Answer[ReadMaterial]:
        if asked.continuation:
            return await self._go_on(asked)
        check_pages(asked)
        timeout_s = (asked.timeout_ms or READ_TIMEOUT_MS) / 1000
        with self._places.one(asked.account_id):
            readings = await read_all(self._reader, asked.urls, asked.format, asked.query.strip(), timeout_s)
        material = ReadMaterial(tuple(readings))
        taken = await taken_from(material, Place(), asked.tokens_max)
        # What was answered as a whole is asked for no further.
        name = await self._shelf.keep(material, KEPT_S) if taken.rest else ""
        return self._cutter.answer(asked.account_id, name, material, taken)

    async def _go_on(self, asked: AskedPages) -> Answer[ReadMaterial]:
        check_continuation(asked.account_id, asked.tokens_max, asked.timeout_ms)
        continuation = self._continuations.read(asked.account_id, asked.continuation)
        with self._places.one(asked.account_id):
            material = await self._shelf.fetch(continuation.material)
            if not isinstance(material, ReadMaterial):
                raise expired()
            return await self._cutter.cut(
                asked.account_id, continuation.material, material, continuation.place, asked.tokens_max
            )
