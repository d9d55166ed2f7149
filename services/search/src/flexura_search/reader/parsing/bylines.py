"""The day that stands beside a page's title, where a person looks for it."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache

from babel import Locale

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "ru", "uk", "tr")
LINES_AFTER = 8
LINE_CHARACTERS = 160  # Of a longer one, its beginning: "PORT ELLERY, March 3, 2024".
YEAR_FIRST = re.compile(
    r"\b(?P<year>(?:19|20)\d\d)(?:[-/.]|\s*年\s*)(?P<month>\d{1,2})(?:[-/.]|\s*月\s*)(?P<day>\d{1,2})(?!\d)"
)
IN_ADDRESS = re.compile(r"/(?P<year>(?:19|20)\d\d)(?P<mark>[/-])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?=[/-])")
YEAR_LAST = re.compile(r"\b(?P<one>\d{1,2})(?P<mark>[./-])\s?(?P<two>\d{1,2})(?P=mark)\s?(?P<year>(?:19|20)\d\d)\b")
# Spelled as in 3. März 2024, 3 de marzo de 2024, March 3rd, 2024.
DAY_NAMED = re.compile(
    r"\b(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s+(?:de\s+|of\s+)?(?P<month>[^\W\d_]{3,12})\.?,?\s+(?:de\s+|del\s+)?"
    r"(?P<year>(?:19|20)\d\d)\b"
)
MONTH_NAMED = re.compile(
    r"\b(?P<month>[^\W\d_]{3,12})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>(?:19|20)\d\d)\b"
)
FORMS = (YEAR_FIRST, YEAR_LAST, DAY_NAMED, MONTH_NAMED)
# What comes before a day that is not the one of publication.
OTHER_DAY = re.compile(
    r"updat|modif|edit|revis|chang|geändert|aktualis|bearbeitet|überarbeitet|mis à jour|actualizad|aggiornat|atualizad"
    r"|joined|member since|registered|registriert|mitglied|inscrit|copyright|©|accessed|retrieved|abgerufen|更新|入会",
    re.IGNORECASE,
)


def day_beside(title: str, lines: Sequence[str], now: datetime) -> datetime | None:
    """Looks below the places where the title stands; None where no day is there, or one that can be read two ways."""
    for place in _places(title, lines):
        for text in lines[place + 1 : place + 1 + LINES_AFTER]:
            for day in _days(text[:LINE_CHARACTERS], now):
                return day
    return None


def day_in_address(url: str, now: datetime) -> datetime | None:
    """As in https://example.com/2024/03/05/title."""
    found = IN_ADDRESS.search(url)
    day = _day_of(found) if found else None
    return day if day is not None and day <= now else None


def _places(title: str, lines: Sequence[str]) -> Iterator[int]:
    wanted = " ".join(title.lower().split())
    if wanted:
        yield from (place for place, text in enumerate(lines) if " ".join(text.lower().split()) == wanted)


def _days(text: str, now: datetime) -> Iterator[datetime]:
    """The days of a line, those left out that are said to be others."""
    found = sorted((match for form in FORMS for match in form.finditer(text)), key=lambda match: match.start())
    begin = 0
    for match in found:
        before, begin = text[begin : match.start()], match.end()
        day = _day_of(match)
        if day is not None and day <= now and not OTHER_DAY.search(before):
            yield day


def _day_of(match: re.Match[str]) -> datetime | None:
    parts = match.groupdict()
    if "one" in parts:
        one, two = int(parts["one"]), int(parts["two"])
        if parts["mark"] == "/" and one <= 12 and two <= 12 and one != two:  # noqa: PLR2004 - there are so many months.
            return None
        day, month = (two, one) if two > 12 else (one, two)  # noqa: PLR2004 - the same.
    else:
        day = int(parts["day"])
        month = int(parts["month"]) if parts["month"].isdecimal() else months().get(parts["month"].lower(), 0)
    try:
        return datetime(int(parts["year"]), month, day, tzinfo=UTC)
    except ValueError:
        return None


@cache
def months() -> dict[str, int]:
    """The number of a month by its name in any of the languages, whole or short."""
    names: dict[str, int] = {}
    for language in LANGUAGES:
        for context in Locale(language).months.values():
            for width in ("wide", "abbreviated"):
                for number, name in context[width].items():
                    names.setdefault(name.lower().rstrip("."), number)
    return names | {"sept": 9}
