"""Which of the things found were asked for: domains and days, held on our side."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from flexura_search.domain.filters import is_in_days, is_wanted
from flexura_search.domain.queries import Days, Query, TimeRange

MARCH = Days(date(2026, 3, 1), date(2026, 3, 31))
TOKYO = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://a.example/p", True),
        ("https://docs.a.example/p", True),
        ("https://bad.a.example/p", False),
        ("https://m.a.example/p", True),
        ("https://b.example/a.example", False),
        ("https://a.example.evil.example/", False),
        ("no address", False),
    ],
)
def test_domains_are_held_on_our_side(url: str, *, wanted: bool) -> None:
    query = Query("q", include_domains=("a.example",), exclude_domains=("bad.a.example",))
    assert is_wanted(url, query) is wanted


def test_a_domain_that_is_left_out_is_left_out_for_small_screens_too() -> None:
    query = Query("q", exclude_domains=("wiki.example", "m.paper.example"))
    assert not is_wanted("https://en.m.wiki.example/p", query)
    assert not is_wanted("https://m.paper.example/p", query)
    assert is_wanted("https://paper.example/p", query)


def test_all_of_a_hundred_domains_count() -> None:
    query = Query("q", include_domains=tuple(f"site{number}.example" for number in range(100)))
    assert all(is_wanted(f"https://docs.site{number}.example/", query) for number in range(100))
    assert not is_wanted("https://site100.example/", query)


@pytest.mark.parametrize(
    ("published_at", "is_in"),
    [
        (datetime(2026, 3, 1, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 4, 1, tzinfo=UTC), False),
        (datetime(2026, 4, 1, 8, tzinfo=TOKYO), True),
        (datetime(2026, 3, 1, 8, tzinfo=TOKYO), False),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-9))), False),
        (None, True),
    ],
)
def test_both_days_are_included_as_days_of_utc(published_at: datetime | None, is_in: bool) -> None:
    assert is_in_days(published_at, MARCH) is is_in


def test_open_ends_are_open() -> None:
    long_ago, far_ahead = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
    assert is_in_days(long_ago, Days(last=date(2026, 3, 1)))
    assert is_in_days(far_ahead, Days(first=date(2026, 3, 1)))
    assert is_in_days(long_ago, Days())


@pytest.mark.parametrize(
    ("time_range", "days"), [(TimeRange.DAY, 1), (TimeRange.WEEK, 7), (TimeRange.MONTH, 31), (TimeRange.YEAR, 366)]
)
def test_an_age_counts_from_today(time_range: TimeRange, days: int) -> None:
    today = date(2026, 3, 15)
    asked_for = Query("q", time_range=time_range).days_on(today)
    moment = datetime(2026, 3, 15, tzinfo=UTC) - timedelta(days=days)
    assert is_in_days(moment, asked_for)
    assert not is_in_days(moment - timedelta(seconds=1), asked_for)
