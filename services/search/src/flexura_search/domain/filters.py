"""Which of the things found were asked for: domains and days, whatever an engine made of them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from flexura_search.domain.queries import Days, Query
from flexura_search.domain.urls import canonical, host_of, is_of_site


def is_wanted(url: str, query: Query) -> bool:
    """Tells whether the page's domain was asked for and not left out; for small screens a site is the same site."""
    host, site = host_of(url), host_of(canonical(url))
    if not host or is_in_any(host, query.exclude_domains) or is_in_any(site, query.exclude_domains):
        return False
    return not query.include_domains or is_in_any(site, query.include_domains)


def is_in_days(published_at: datetime | None, days: Days) -> bool:
    """Tells whether it was published then; what nobody dates stays, as the engines were asked for these days too."""
    if published_at is None:
        return True
    day = day_of(published_at)
    return (days.first is None or day >= days.first) and (days.last is None or day <= days.last)


def day_of(moment: datetime) -> date:
    try:
        return moment.astimezone(UTC).date()
    except OverflowError:
        return moment.date()


def is_in_any(host: str, domains: Iterable[str]) -> bool:
    return any(is_of_site(host, domain) for domain in domains)
