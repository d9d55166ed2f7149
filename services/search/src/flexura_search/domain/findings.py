"""What engines find, and what comes of asking them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EngineStatus(StrEnum):
    """What came of asking an engine."""

    OK = "ok"
    EMPTY = "empty"
    TIMED_OUT = "timed_out"
    LIMITED = "limited"
    QUOTA_USED = "quota_used"
    REFUSED = "refused"
    BLOCKED = "blocked"
    BROKEN = "broken"
    UNREACHABLE = "unreachable"
    COOLING_DOWN = "cooling_down"
    QUERY_TOO_LONG = "query_too_long"


ANSWERED = frozenset({EngineStatus.OK, EngineStatus.EMPTY})


@dataclass(frozen=True, slots=True)
class Hit:
    """A page that an engine found."""

    title: str
    url: str
    snippet: str = ""
    """Plain text."""
    published_at: datetime | None = None
    """With its zone; midnight UTC where only the day is known."""
    author: str = ""
    favicon: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class ImageHit:
    """An image that an engine found."""

    url: str
    page_url: str
    title: str = ""
    thumbnail_url: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    """What an engine found, best first."""

    hits: tuple[Hit, ...] = ()
    images: tuple[ImageHit, ...] = ()
    shortfall: str = ""
    """What it could not ask in turn, in words; an answer with a shortfall is a degraded one."""
    left_out: int = 0
    """How many of its results have no address that could be answered."""


@dataclass(frozen=True, slots=True)
class EngineTrace:
    """One engine's part in an answer."""

    engine: str
    status: EngineStatus
    took_ms: int = 0
    results: int = 0
    reason: str = ""
    left_out: int = 0
    """How many of its results have no address that could be answered."""

    @property
    def said(self) -> str:
        """The reason, and what was left out of an answer that is whole otherwise."""
        left_out = f"{self.left_out} results have no usable address and are left out" if self.left_out else ""
        return "; ".join(filter(None, (self.reason, left_out)))

    @property
    def is_degraded(self) -> bool:
        return self.status not in ANSWERED or bool(self.reason)


class EngineFailedError(Exception):
    """An engine did not answer; `reason` is a sentence that is safe to show and names no key.

    `is_engines` tells whether the engine is to blame: what we, or one question, did wrong earns it no rest.
    """

    def __init__(
        self, status: EngineStatus, reason: str, retry_after_s: float | None = None, *, is_engines: bool = True
    ) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.is_engines = is_engines


class QueryTooLongError(EngineFailedError):
    """The query is longer than the engine takes: asked again, it would say the same."""

    def __init__(self, limit: str) -> None:
        super().__init__(EngineStatus.QUERY_TOO_LONG, f"it takes {limit}; shorten the query", is_engines=False)
