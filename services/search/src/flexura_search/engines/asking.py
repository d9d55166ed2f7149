"""Questions as engines take them: operators for domains, bounds of length, days as ranges."""

from datetime import date

from flexura_search.domain.findings import QueryTooLongError
from flexura_search.domain.queries import AGES, Query, TimeRange
from flexura_search.domain.urls import without_www

OPERATORS_MAX = 5  # More make engines answer nothing at all.


def with_operators(query: Query, characters_max: int = 0, words_max: int = 0) -> str:
    """The text with `site:` and `-site:` behind it, as many of them as the engine takes; 0 is no limit.

    Raises QueryTooLongError where the text alone is too long.
    """
    refuse_long(query.text, characters_max, words_max)
    operators = domain_operators(query)
    while operators and is_long(f"{query.text} {operators}", characters_max, words_max):
        # What is left out is filtered afterwards.
        operators = operators.rpartition(" ")[0].removesuffix(" OR")
    return f"{query.text} {operators}".strip()


def refuse_long(text: str, characters_max: int, words_max: int = 0) -> None:
    """Raises QueryTooLongError where an engine documents that it takes less; cut, it would be another question."""
    if is_long(text, characters_max, words_max):
        words = f" and {words_max} words" if words_max else ""
        has = f"{len(text):,} characters" + (f" and {len(text.split())} words" if words_max else "")
        raise QueryTooLongError(f"at most {characters_max} characters{words}, and this query has {has}")


def is_long(text: str, characters_max: int, words_max: int = 0) -> bool:
    return bool(characters_max and len(text) > characters_max) or bool(words_max and len(text.split()) > words_max)


def domain_operators(query: Query) -> str:
    within = " OR ".join(f"site:{domain}" for domain in sites_of(query)[:OPERATORS_MAX])
    without = " ".join(f"-site:{domain}" for domain in query.exclude_domains[:OPERATORS_MAX])
    return f"{within} {without}".strip()


def sites_of(query: Query) -> list[str]:
    """The domains that are asked for; what stands below them, beside the site itself, is filtered afterwards."""
    return list(dict.fromkeys(map(without_www, query.include_domains)))


def range_of(query: Query, today: date) -> TimeRange | None:
    """The shortest range that covers the days that are asked for; None where they are open or go further back."""
    if query.time_range is not None or query.days.first is None:
        return query.time_range
    first = query.days.first
    return next((time_range for time_range, age in AGES.items() if today - first <= age), None)
