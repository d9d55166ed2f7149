"""Moments as engines write them."""

from datetime import UTC, datetime, timedelta

import pytest

from flexura_search.engines.dates import read_date, seconds_until

NOW = datetime(2024, 3, 15, 12, tzinfo=UTC)
MORNING = datetime(2024, 3, 12, 6, 30, tzinfo=UTC)
MIDNIGHT = datetime(2024, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-12T06:30:00Z", MORNING),
        ("2024-03-12T06:30:00.000Z", MORNING),
        ("2024-03-12T06:30:00.000000000+00:00", MORNING),
        ("2024-03-12T08:30:00+02:00", MORNING),
        ("2024-03-12T06:30:00", MORNING),
        ("2024-03-12 06:30:00", MORNING),
        (" 2024-03-12T06:30 ", MORNING),
        ("2024-03-12", MIDNIGHT),
        ("Tue, 12 Mar 2024 06:30:00 GMT", MORNING),
        ("Tue, 12 Mar 2024 08:30:00 +0200", MORNING),
        ("Tue, 12 Mar 2024 06:30:00 -0000", MORNING),
        ("12 Mar 2024 06:30:00 +0000", MORNING),
        ("March 12, 2024", MIDNIGHT),
        ("Mar 12, 2024", MIDNIGHT),
        ("12 March 2024", MIDNIGHT),
        ("12. Mar. 2024", MIDNIGHT),
    ],
)
def test_dates_are_read_as_engines_write_them(text: str, moment: datetime) -> None:
    assert read_date(text) == moment


@pytest.mark.parametrize(
    "value",
    [
        *(None, 0, 1710225000, True, [], {}, b"2024-03-12", "", "  ", "null", "unknown", "2024", "2024-03", "20240312"),
        *("2024-13-01", "2024-02-30", "2024-03-12T25:00:00Z", "0000-00-00", "12/03/2024", "March 2024", "Foo 12, 2024"),
        *("0001-01-01T00:00:00+14:00", "2024-03-12" * 10, "٢٠٢٤-٠٣-١٢", "30 Feb 2024", "Tue, 99 Mar 2024 06:30:00 GMT"),
        *("9999-12-31T23:59:59-14:00", "3 hours ago", "yesterday"),
    ],
)
def test_what_is_no_date_is_none(value: object) -> None:
    assert read_date(value) is None


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("3 hours ago", timedelta(hours=3)),
        ("1 hour ago", timedelta(hours=1)),
        ("an hour ago", timedelta(hours=1)),
        ("a day ago", timedelta(days=1)),
        ("Yesterday", timedelta(days=1)),
        ("45 mins ago", timedelta(minutes=45)),
        ("2 weeks ago", timedelta(days=14)),
        ("2 Months Ago", timedelta(days=60)),
        ("10 years ago", timedelta(days=3650)),
    ],
)
def test_an_age_counts_from_the_moment_that_is_passed_in(text: str, age: timedelta) -> None:
    assert read_date(text, NOW) == NOW - age


@pytest.mark.parametrize("text", ["9999 years ago", "99999999 days ago", "hours ago", "3 fortnights ago", "in 3 hours"])
def test_an_age_that_cannot_be_is_none(text: str) -> None:
    assert read_date(text, NOW) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        (" 0.5 ", 0.5),
        ("Fri, 15 Mar 2024 12:01:30 GMT", 90.0),
        ("Fri, 15 Mar 2024 11:00:00 GMT", 0.0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("1e9", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    assert seconds_until(header, NOW) == seconds
