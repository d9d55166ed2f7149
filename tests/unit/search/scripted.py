"""Engines, a reader and a shelf that do as a test says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.domain.findings import EngineAnswer, EngineFailedError, EngineStatus, Hit
from flexura_search.domain.materials import Material, SearchMaterial
from flexura_search.domain.pages import Page, Passage
from flexura_search.domain.queries import Query, SearchOrder, TextFormat, Topic

EVERYTHING = frozenset(Topic)


def hits(*urls: str) -> EngineAnswer:
    return EngineAnswer(hits=tuple(Hit(f"About {url}", url, f"What is said of {url}.") for url in urls))


def failing(status: EngineStatus = EngineStatus.UNREACHABLE, retry_after_s: float | None = None) -> EngineFailedError:
    return EngineFailedError(status, f"it is {status.value.replace('_', ' ')}", retry_after_s)


def order(*texts: str, topic: Topic = Topic.GENERAL, **fields: object) -> SearchOrder:
    return SearchOrder(tuple(Query(text, topic) for text in texts or ("otters",)), **fields)  # type: ignore[arg-type]


@dataclass
class Engine:
    """Answers with what it has, after a while; an exception is raised."""

    name: str
    answer: EngineAnswer | BaseException = field(default_factory=lambda: hits("https://a.example/"))
    takes_s: float = 0.0
    topics: frozenset[Topic] = EVERYTHING
    is_fallback: bool = False
    asked: list[Query] = field(default_factory=list)
    left: int = 0
    """How often it was left before it had answered."""

    async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
        self.asked.append(query)
        try:
            await asyncio.wait_for(asyncio.sleep(self.takes_s), timeout_s)
        except asyncio.CancelledError:
            self.left += 1
            raise
        except TimeoutError:
            raise failing(EngineStatus.TIMED_OUT) from None
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@dataclass
class Reader:
    """Reads what it has; all else is no page."""

    texts: dict[str, str] = field(default_factory=dict)
    read_urls: list[str] = field(default_factory=list)

    async def read(self, url: str, text_format: TextFormat, query: str, timeout_s: float) -> Page:
        del text_format, timeout_s
        self.read_urls.append(url)
        if url not in self.texts:
            raise FlexuraError(Kind.NOT_FOUND, Reason.PAGE_NOT_FOUND, "there is no such page", url=url)
        text = self.texts[url]
        found = (Passage(text[:40], 0, 1.0),) if query and text else ()
        return Page(url, url, "text/html", text, title=f"Page {url}", highlights=found)


@dataclass
class ScriptedShelf:
    """Keeps all, and notes for how long."""

    materials: dict[str, Material] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    kept_s: list[float] = field(default_factory=list)
    found_s: list[float] = field(default_factory=list)
    when_asked: Callable[[], None] = lambda: None

    async def find(self, order_key: str) -> tuple[str, SearchMaterial] | None:
        self.when_asked()
        name = self.orders.get(order_key)
        material = self.materials.get(name) if name else None
        return (name, material) if name and isinstance(material, SearchMaterial) else None

    async def keep(self, material: Material, kept_s: float, order_key: str = "", found_s: float = 0.0) -> str:
        name = f"material-{len(self.materials)}"
        self.materials[name] = material
        self.kept_s.append(kept_s)
        if order_key:
            self.orders[order_key] = name
            self.found_s.append(found_s)
        return name

    async def fetch(self, name: str) -> Material | None:
        return self.materials.get(name)
