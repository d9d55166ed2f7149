"""What the use cases need from outside."""

from typing import Protocol

from flexura_search.domain.findings import EngineAnswer
from flexura_search.domain.materials import Material, SearchMaterial
from flexura_search.domain.pages import Page
from flexura_search.domain.queries import Query, TextFormat, Topic


class SearchEngine(Protocol):
    """One source of results."""

    @property
    def name(self) -> str: ...

    @property
    def topics(self) -> frozenset[Topic]:
        """What it can search."""

    @property
    def is_fallback(self) -> bool:
        """Whether it is asked only where no other engine serves the topic, or the others fail."""

    async def search(self, query: Query, timeout_s: float) -> EngineAnswer:
        """Asks it; raises EngineFailedError, and within the time whatever happens."""


class PageReader(Protocol):
    async def read(self, url: str, text_format: TextFormat, query: str, timeout_s: float) -> Page:
        """Fetches a page and reads it, with highlights where the query is not empty; raises FlexuraError."""


class Shelf(Protocol):
    """Where what was found is kept for a while; whatever is wrong with it costs time and nothing else."""

    async def find(self, order_key: str) -> tuple[str, SearchMaterial] | None:
        """What the same order came to lately, and the name under which it is kept."""

    async def keep(self, material: Material, kept_s: float, order_key: str = "", found_s: float = 0.0) -> str:
        """Keeps what answers are cut from and answers its name; for `found_s` of the time the same order finds it."""

    async def fetch(self, name: str) -> Material | None: ...
