"""What a page says, as a person would see it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a page's text, cut at the ends of sentences."""

    text: str
    start: int
    """Its place in the text of the page, in characters."""
    score: float
    """How well it answers the query, 0 to 1."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was read."""

    url: str
    """The address that was asked for."""
    final_url: str
    """The address that answered, behind all redirects."""
    content_type: str
    text: str
    """What a person would see of the main part, in the format that was asked for."""
    title: str = ""
    author: str = ""
    published_at: datetime | None = None
    """With its zone; midnight UTC where only the day is known."""
    site: str = ""
    language: str = ""
    image: str = ""
    favicon: str = ""
    links: tuple[str, ...] = ()
    """Absolute, each once, in the order of the page."""
    highlights: tuple[Passage, ...] = ()
    """Best first; empty where nothing was looked for."""
