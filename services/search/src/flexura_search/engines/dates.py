"""Moments as engines write them: ISO 8601, RFC 2822, months by name, and ages such as "3 hours ago"."""

import re
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime

DATE_CHARACTERS_MAX = 64
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH_FIRST = re.compile(r"(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})", re.ASCII)
DAY_FIRST = re.compile(r"(?P<day>\d{1,2})\.? (?P<month>[a-z]{3,9})\.?,? (?P<year>\d{4})", re.ASCII)
AGE = re.compile(r"(?P<count>\d{1,4}|an?) (?P<unit>second|sec|minute|min|hour|day|week|month|year)s? ago", re.ASCII)
UNITS = {
    "second": timedelta(seconds=1),
    "sec": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}


def read_date(value: object, now: datetime | None = None) -> datetime | None:
    """The moment in UTC; midnight where only the day is said, and None where it cannot be read.

    An age is read only where the moment that it counts from is passed in.
    """
    if not isinstance(value, str) or not value.strip() or len(value) > DATE_CHARACTERS_MAX:
        return None
    text = value.strip()
    moment = iso(text) or mail(text) or day_by_name(text.lower())
    if moment is None and now is not None:
        moment = age(text.lower(), now)
    return None if moment is None else in_utc(moment)


def seconds_until(header: str, now: datetime) -> float | None:
    """Reads a Retry-After, seconds or a date; None where it is neither."""
    header = header.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", header, re.ASCII):
        return float(header)
    moment = mail(header)
    return None if moment is None else max(0.0, ((in_utc(moment) or now) - now).total_seconds())


def iso(text: str) -> datetime | None:
    # The standard library reads weeks and days of ISO 8601 without dashes, too: numbers of other kinds look like these.
    if not re.match(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def mail(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def day_by_name(text: str) -> datetime | None:
    match = MONTH_FIRST.fullmatch(text) or DAY_FIRST.fullmatch(text)
    if match is None or match["month"][:3] not in MONTHS:
        return None
    try:
        day = date(int(match["year"]), MONTHS.index(match["month"][:3]) + 1, int(match["day"]))
    except ValueError:
        return None
    return datetime.combine(day, time(), UTC)


def age(text: str, now: datetime) -> datetime | None:
    if text == "yesterday":
        return now - timedelta(days=1)
    match = AGE.fullmatch(text)
    if match is None:
        return None
    count = int(match["count"]) if match["count"].isdecimal() else 1
    try:
        return now - count * UNITS[match["unit"]]
    except OverflowError:
        return None


def in_utc(moment: datetime) -> datetime | None:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None
