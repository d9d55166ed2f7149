"""The parameters of a query: which there are, and what each may say."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from aiohttp import web

from flexura_edge.http.body import SHOWN_CHARACTERS, shown
from flexura_edge.http.fields import fault_of, invalid_request, writable
from flexura_kit.errors import FieldViolation, FlexuraError
from flexura_kit.nearest import nearest_name
from flexura_kit.values import number_of

LIMIT, LIMIT_MAX = 20, 100
CURSOR_CHARACTERS_MAX = 200
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
# An unescaped `+` arrives as a blank: between a time of day and its offset nothing else can be meant.
BLANK_OFFSET = re.compile(r"(:[0-9]{2}(?:[.,][0-9]+)?) ([0-9]{2}(?::?[0-9]{2})?)")
LEAP_SECOND = re.compile(r"(:[0-9]{2}):60(?![0-9])")


class Query:
    """Takes parameters out of a query, and gathers all that is wrong into one error. An empty one is as none."""

    def __init__(self, request: web.BaseRequest, known: Sequence[str]) -> None:
        self._values = request.query
        self._violations = [
            FieldViolation(writable(name), unknown_parameter(name, known))
            for name in dict.fromkeys(self._values)
            if name not in known
        ]

    def text(self, name: str, characters_max: int) -> str:
        given = self._values.getall(name, [])
        value = given[0] if given else ""
        fault = fault_of(value)
        if len(given) > 1:
            self.refuse(name, f"`{name}` stands {len(given)} times in the query; send it once")
        elif fault:
            self.refuse(name, f"`{name}` {fault}")
        elif len(value) > characters_max:
            self.refuse(name, f"`{name}` takes at most {characters_max} characters, not {len(value)}")
        else:
            return value
        return ""

    def words(self, name: str, allowed: Sequence[str]) -> list[str]:
        """Several of a few words, separated by commas or each in a parameter of its own."""
        given = [word for value in self._values.getall(name, []) for word in value.split(",") if word]
        for word in given:
            if word not in allowed:
                self.refuse(name, f"`{name}` takes {' or '.join(allowed)}, not {shown(word)}")
        return [word for word in dict.fromkeys(given) if word in allowed]

    def word(self, name: str, allowed: Sequence[str]) -> str:
        value = self.text(name, SHOWN_CHARACTERS)
        if not value or value in allowed:
            return value
        self.refuse(name, f"`{name}` takes {' or '.join(allowed)}, not {shown(value)}")
        return ""

    def number(self, name: str, least: int, most: int, absent: int) -> int:
        value = self.text(name, SHOWN_CHARACTERS)
        if not value:
            return absent
        number = number_of(value.strip())
        if isinstance(number, int) and least <= number <= most:
            return number
        self.refuse(name, f"`{name}` takes a whole number from {least} to {most}, not {shown(value)}")
        return absent

    def page(self) -> tuple[int, str]:
        """The parameters `limit` and `cursor` of a list."""
        return self.number("limit", 1, LIMIT_MAX, LIMIT), self.text("cursor", CURSOR_CHARACTERS_MAX)

    def time(self, name: str) -> datetime | None:
        value = self.text(name, SHOWN_CHARACTERS)
        if not value:
            return None
        time, fault = None, "it is no time of the calendar in the form of RFC 3339"
        with suppress(ValueError, OverflowError):
            time, fault = utc_time(value)
        if not fault:
            return time
        said = f"`{name}` takes a time from 1970 on, such as 2026-04-01T00:00:00Z, not {shown(writable(value))}"
        self.refuse(name, f"{said}: {fault}")
        return None

    def refuse(self, name: str, message: str) -> None:
        self._violations.append(FieldViolation(name, message))

    def check(self) -> None:
        """Raises when anything was wrong."""
        if self._violations:
            raise invalid_request(self._violations)


def utc_time(text: str) -> tuple[datetime | None, str]:
    """The time, or what is wrong with it; raises ValueError or OverflowError where it is none."""
    time = time_of(text)
    if time.tzinfo is None:
        # Without a zone it would mean another time here than where it was written.
        return None, "it has no offset; end it with Z for UTC"
    if not EARLIEST <= time < LATEST:
        return None, "it is before 1970" if time < EARLIEST else f"it is after {LATEST.year - 1}"
    return time.astimezone(UTC), ""


def time_of(text: str) -> datetime:
    """Reads RFC 3339 and what is meant by it; a leap second is the one after it. Raises ValueError."""
    text = BLANK_OFFSET.sub(r"\1+\2", text.strip().upper())
    without_leap = LEAP_SECOND.sub(r"\1:59", text)
    return datetime.fromisoformat(without_leap) + timedelta(seconds=without_leap != text)


def with_cursor_named(error: FlexuraError, message: str) -> FlexuraError:
    """Whether a cursor is right only jobs can tell, and there it has another name."""
    if any(violation.field == "page_token" for violation in error.violations):
        return invalid_request([FieldViolation("cursor", message)])
    return error


def unknown_parameter(name: str, known: Sequence[str]) -> str:
    nearest = nearest_name(name, known, similarity_min=0)
    if nearest is None:
        return f"{shown(writable(name))} is no parameter of this request; it takes none"
    return f"{shown(name)} is no parameter of this query; the nearest is `{nearest}`, known are {', '.join(known)}"
