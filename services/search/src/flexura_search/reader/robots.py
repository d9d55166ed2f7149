"""What sites ask of robots, kept for an hour."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from protego import Protego
from yarl import URL

from flexura_kit.errors import FlexuraError, Reason
from flexura_search.reader.failures import refused
from flexura_search.reader.fetch import OK, Bounds, Fetcher
from flexura_search.reader.parsing.charset import decoded

PRODUCT = "FlexuraReader"
KEPT_S = 3600.0
KEPT_FAILURE_S = 60.0
SITES_MAX = 1000
KEPT_BYTES_MAX = 1 << 20
LONG_CHARACTERS = 20_000
# RFC 9309 asks for 500 KiB at least; what is longer is read as far as that.
BOUNDS = Bounds(bytes_max=500 << 10, has_any_type=True, is_cut=True)
TIMEOUT_S = 5.0
DELAY_S_MAX = 1.0
NOT_ALLOWED = "the site asks robots not to read this page"
NOT_KNOWN = "the site fails to say what robots may read, which counts as no"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a site asks; without rules, all is allowed, or nothing."""

    rules: Protego | None = None
    failure: FlexuraError | None = None
    bytes: int = 0
    """Of the text that they were read from; in memory they take up to a hundred times as much."""

    def check(self, address: str) -> None:
        if self.failure is not None:
            failure = self.failure
            # Kept for another page of the site; the address that is told is this one.
            raise FlexuraError(failure.kind, failure.reason, failure.message, url=address)
        if self.rules is not None and not self.rules.can_fetch(address, PRODUCT):
            raise refused(address, NOT_ALLOWED)

    @property
    def delay_s(self) -> float:
        asked = self.rules.crawl_delay(PRODUCT) if self.rules is not None else None
        return min(DELAY_S_MAX, max(0.0, asked or 0.0))


@dataclass(slots=True)
class Turn:
    """One after the other, so that only the first asks."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Robots:
    def __init__(self, fetcher: Fetcher, clock: Callable[[], float] = monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Rules]] = OrderedDict()
        self._kept_bytes = 0
        self._turns: defaultdict[str, Turn] = defaultdict(Turn)

    async def rules(self, url: URL) -> Rules:
        """What the site asks; it is asked itself once, however many pages wait for that."""
        site = str(url.origin())
        if rules := self._lately(site):
            return rules
        turn = self._turns[site]
        turn.waiting += 1
        try:
            async with turn.lock:
                rules = self._lately(site) or await self._asked(site)
                self._keep(site, rules)
                return rules
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                self._turns.pop(site, None)

    def _lately(self, site: str) -> Rules | None:
        kept = self._kept.get(site)
        if kept is None or kept[0] <= self._clock():
            return None
        self._kept.move_to_end(site)
        return kept[1]

    def _keep(self, site: str, rules: Rules) -> None:
        self._drop(site)
        kept_s = KEPT_S if rules.failure is None else KEPT_FAILURE_S
        self._kept[site] = (self._clock() + kept_s, rules)
        self._kept_bytes += rules.bytes
        while len(self._kept) > SITES_MAX or self._kept_bytes > KEPT_BYTES_MAX:
            self._drop(next(iter(self._kept)))

    def _drop(self, site: str) -> None:
        kept = self._kept.pop(site, None)
        if kept is not None:
            self._kept_bytes -= kept[1].bytes

    async def _asked(self, site: str) -> Rules:
        try:
            answer = await self._fetcher.fetch(f"{site}/robots.txt", TIMEOUT_S, bounds=BOUNDS)
        except FlexuraError as error:
            return _rules_of_failure(site, error)
        # RFC 9309, 2.3.1: a file that is "unavailable" (4xx) restricts nothing, one that is "unreachable" (5xx, or no
        # answer at all) means "complete disallow".
        if answer.status >= 500:  # noqa: PLR2004 - the class of statuses.
            return Rules(failure=refused(site, NOT_KNOWN))
        if answer.status != OK:
            return Rules()
        text = decoded(answer.body, "utf-8")
        try:
            rules = Protego.parse(text) if len(text) < LONG_CHARACTERS else await asyncio.to_thread(Protego.parse, text)
            return Rules(rules, bytes=len(text))
        except (ValueError, TypeError, AttributeError, IndexError, RecursionError):
            # What is no robots.txt asks for nothing.
            return Rules()


def _rules_of_failure(site: str, error: FlexuraError) -> Rules:
    match error.reason:
        case Reason.PAGE_UNREADABLE:
            # More than five redirects, or a broken body: "unavailable", by the same section.
            return Rules()
        case Reason.DEADLINE_EXCEEDED:
            return Rules(failure=refused(site, NOT_KNOWN))
    # Nothing answers there, or may be asked: so it is for the page, which is not asked either.
    return Rules(failure=error)
