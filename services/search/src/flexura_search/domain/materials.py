"""What answers are cut from: all that was found and read, before it is cut to anybody's budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flexura_search.domain.findings import EngineTrace
from flexura_search.domain.fusion import Found, FoundImage
from flexura_search.domain.packing import Entry
from flexura_search.domain.pages import Page


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a page could not be read: kind, reason and message of the error."""

    kind: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Result:
    """A page that was found, and what it says where it was read."""

    found: Found
    page: Page | None = None
    unread: Unread | None = None


@dataclass(frozen=True, slots=True)
class SearchMaterial:
    queries: tuple[str, ...]
    results: tuple[Result, ...]
    images: tuple[FoundImage, ...]
    traces: tuple[EngineTrace, ...]
    is_degraded: bool
    what: Literal["search"] = "search"

    def entries(self) -> list[Entry]:
        """Results first, then images."""
        return [result_entry(result) for result in self.results] + [image_entry(image) for image in self.images]

    def envelope(self) -> Sequence[str]:
        return [*self.queries, *(f"{trace.engine} {trace.said}" for trace in self.traces)]


@dataclass(frozen=True, slots=True)
class Reading:
    """A page that was to be read, and what came of it."""

    url: str
    page: Page | None = None
    unread: Unread | None = None


@dataclass(frozen=True, slots=True)
class ReadMaterial:
    readings: tuple[Reading, ...]
    what: Literal["pages"] = "pages"

    def entries(self) -> list[Entry]:
        return [reading_entry(reading) for reading in self.readings]

    def envelope(self) -> Sequence[str]:
        return ()


Material = SearchMaterial | ReadMaterial


def result_entry(result: Result) -> Entry:
    found, page = result.found, result.page
    head = [found.title, found.url, found.snippet, found.author, found.favicon, found.image]
    head += [source.engine for source in found.sources]
    if result.unread is not None:
        head += [result.unread.reason, result.unread.message]
    if page is None:
        return Entry(head)
    return Entry(head, [passage.text for passage in page.highlights], page.text)


def image_entry(found: FoundImage) -> Entry:
    image = found.image
    head = [image.title, image.url, image.page_url, image.thumbnail_url]
    return Entry(head + [source.engine for source in found.sources])


def reading_entry(reading: Reading) -> Entry:
    page, unread = reading.page, reading.unread
    if page is None:
        return Entry([reading.url, *([unread.reason, unread.message, reading.url] if unread else [])])
    head = [page.url, page.final_url, page.title, page.author, page.site, page.content_type]
    return Entry(head, [passage.text for passage in page.highlights], page.text, page.links)
