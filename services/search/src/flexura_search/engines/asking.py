"""Questions as engines take them: operators for domains, cuts at a word, days as ranges."""

from datetime import date

from flexura_search.domain.queries import AGES, Query, TimeRange
from flexura_search.domain.urls import without_www

OPERATORS_MAX = 5  # More make engines answer nothing at all.
OPERATORS_SHARE_MAX = 0.5  # Of what the engine takes; the rest is for the question.


def with_operators(query: Query, characters_max: int = 0, words_max: int = 0) -> str:
    """The text with `site:` and `-site:` behind it, cut at a word where the engine takes only so much."""
    operators = domain_operators(query)
    while characters_max and len(operators) > characters_max * OPERATORS_SHARE_MAX:
        # What is left out is filtered afterwards.
        operators = operators.rpartition(" ")[0].removesuffix(" OR")
    words = len(operators.split())
    text = cut(
        query.text,
        characters_max - len(operators) - 1 if characters_max else 0,
        words_max - words if words_max else 0,
    )
    return f"{text} {operators}".strip()


def domain_operators(query: Query) -> str:
    within = " OR ".join(f"site:{domain}" for domain in sites_of(query)[:OPERATORS_MAX])
    without = " ".join(f"-site:{domain}" for domain in query.exclude_domains[:OPERATORS_MAX])
    return f"{within} {without}".strip()


def sites_of(query: Query) -> list[str]:
    """The domains that are asked for; what stands below them, beside the site itself, is filtered afterwards."""
    return list(dict.fromkeys(map(without_www, query.include_domains)))


def cut(text: str, characters_max: int, words_max: int = 0) -> str:
    """Cuts at a word, or within it where it is the only one; 0 is no limit."""
    words = text.split()
    if words_max and len(words) > words_max:
        text = " ".join(words[:words_max])
    if not characters_max or len(text) <= characters_max:
        return text
    head = text[:characters_max]
    if text[characters_max].isspace():
        return head.rstrip()
    whole, _, _ = head.rpartition(" ")
    return whole.rstrip() or head


def range_of(query: Query, today: date) -> TimeRange | None:
    """The shortest range that covers the days that are asked for; None where they are open or go further back."""
    if query.time_range is not None or query.days.first is None:
        return query.time_range
    first = query.days.first
    return next((time_range for time_range, age in AGES.items() if today - first <= age), None)
