"""What is looked for, as it was asked and as engines are asked for it."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Topic(StrEnum):
    GENERAL = "general"
    NEWS = "news"
    IMAGES = "images"
    ACADEMIC = "academic"
    CODE = "code"


class TimeRange(StrEnum):
    """How old what is found may be."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Content(StrEnum):
    """How much of each page is answered."""

    NONE = "none"
    HIGHLIGHTS = "highlights"
    FULL = "full"


class TextFormat(StrEnum):
    MARKDOWN = "markdown"
    TEXT = "text"


AGES = {
    TimeRange.DAY: timedelta(days=1),
    TimeRange.WEEK: timedelta(days=7),
    TimeRange.MONTH: timedelta(days=31),
    TimeRange.YEAR: timedelta(days=366),
}


@dataclass(frozen=True, slots=True)
class Days:
    """The days of publication that are asked for, both ends included; None is open."""

    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None


@dataclass(frozen=True, slots=True)
class Query:
    """One question to engines. An engine that cannot filter passes the filters over: they are applied to all again."""

    text: str
    topic: Topic = Topic.GENERAL
    results_max: int = 10
    time_range: TimeRange | None = None
    days: Days = Days()
    country: str = ""
    """Two lower-case letters of ISO 3166-1, or empty."""
    language: str = ""
    """Two lower-case letters of ISO 639-1, or empty."""
    include_domains: tuple[str, ...] = ()
    """Host names in lower case, without the label of small screens; their subdomains count."""
    exclude_domains: tuple[str, ...] = ()

    def days_on(self, today: date) -> Days:
        """The days of publication, whichever way they were asked for."""
        if self.time_range is None:
            return self.days
        return Days(first=today - AGES[self.time_range])


@dataclass(frozen=True, slots=True)
class SearchOrder:
    """A search as it was ordered, but for who ordered it and how much of the answer fits."""

    queries: tuple[Query, ...]
    """The same question in other words; all but `text` is equal."""
    content: Content = Content.HIGHLIGHTS
    format: TextFormat = TextFormat.MARKDOWN
    engines: tuple[str, ...] = ()
    allows_fallback: bool = True

    @property
    def topic(self) -> Topic:
        return self.queries[0].topic

    @property
    def results_max(self) -> int:
        return self.queries[0].results_max


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as a caller asks for it, before anybody has looked whether it makes sense."""

    account_id: str
    queries: tuple[str, ...] = ()
    results_max: int = 0
    topic: Topic = Topic.GENERAL
    time_range: TimeRange | None = None
    start_date: str = ""
    end_date: str = ""
    country: str = ""
    language: str = ""
    include_domains: tuple[str, ...] = ()
    exclude_domains: tuple[str, ...] = ()
    content: Content = Content.HIGHLIGHTS
    format: TextFormat = TextFormat.MARKDOWN
    tokens_max: int = 0
    engines: tuple[str, ...] = ()
    allows_fallback: bool = True
    timeout_ms: int = 0
    is_fresh: bool = False
    continuation: str = ""


@dataclass(frozen=True, slots=True)
class AskedPages:
    """Pages that a caller wants to be read."""

    account_id: str
    urls: tuple[str, ...] = ()
    query: str = ""
    format: TextFormat = TextFormat.MARKDOWN
    tokens_max: int = 0
    timeout_ms: int = 0
    continuation: str = ""
