"""Bodies that were fetched lately, for as long as their sites allow."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from time import monotonic

from flexura_kit.clock import said_at, steady
from flexura_search.lately import Lately
from flexura_search.reader.fetch import OK, Fetched, Fetcher, Gate, open_gate

BYTES_MAX = 32 << 20
FRESH_S = 300.0
FRESH_S_MAX = 3600.0
ENTRY_BYTES = 1024  # What an entry takes beside its body, about.
NOT_MODIFIED = 304
AGE_DIGITS = 9
DIRECTIVE = re.compile(r'([a-z-]+)(?:\s*=\s*"?([^",\s]*)"?)?')


@dataclass(frozen=True, slots=True)
class Body:
    """A body, and for how long it may be used without asking again; 0 where not at all."""

    fetched: Fetched
    fresh_s: float


@dataclass(frozen=True, slots=True)
class _Entry:
    fetched: Fetched
    fresh_until: float


class CachedFetcher:
    def __init__(self, fetcher: Fetcher, bytes_max: int = BYTES_MAX, clock: Callable[[], float] = monotonic) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._entries: Lately[str, _Entry] = Lately(bytes_max // ENTRY_BYTES, bytes_max, FRESH_S_MAX, clock)

    async def fetch(self, address: str, timeout_s: float, gate: Gate = open_gate) -> Body:
        key = address.partition("#")[0]
        entry = self._entries.get(key)
        if entry is not None and entry.fresh_until > self._clock():
            return Body(entry.fetched, entry.fresh_until - self._clock())
        fetched = await self._fetcher.fetch(address, timeout_s, gate, headers=_conditions(key, entry))
        if fetched.status == NOT_MODIFIED and entry is not None:
            fetched = replace(entry.fetched, headers={**entry.fetched.headers, **fetched.headers})
        fresh_s = fresh_for(fetched)
        self._entries.drop(key)
        if fetched.status == OK and fresh_s is not None:
            self._entries.put(key, _Entry(fetched, self._clock() + fresh_s), len(fetched.body) + ENTRY_BYTES)
        return Body(fetched, fresh_s or 0.0)


def fresh_for(fetched: Fetched) -> float | None:
    """Seconds that a body is fresh; None where it may not be kept at all."""
    directives = dict(DIRECTIVE.findall(fetched.headers.get("cache-control", "").lower()))
    if "no-store" in directives or "private" in directives:
        return None
    if "no-cache" in directives:
        return 0.0
    for name in ("s-maxage", "max-age"):
        if directives.get(name, "").isdecimal():
            age = fetched.headers.get("age", "")
            passed = int(age[:AGE_DIGITS]) if age.isdecimal() and age.isascii() else 0
            return min(FRESH_S_MAX, max(0.0, float(directives[name][:AGE_DIGITS]) - passed))
    return (
        _until(fetched.headers["expires"], fetched.headers.get("date", "")) if "expires" in fetched.headers else FRESH_S
    )


def _until(expires: str, date: str) -> float:
    """A date that cannot be read, such as `0`, lies in the past; others are meant by the clock of the site."""
    with suppress(ValueError, OverflowError):
        fresh_s = parsedate_to_datetime(expires).timestamp() - said_at(date, steady.now).timestamp()
        return min(FRESH_S_MAX, max(0.0, fresh_s))
    return 0.0


def _conditions(key: str, entry: _Entry | None) -> dict[str, str]:
    # Behind redirects, the tags are those of another address.
    if entry is None or entry.fetched.final_url != key:
        return {}
    headers = entry.fetched.headers
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    return {condition: headers[name] for name, condition in names.items() if name in headers}
