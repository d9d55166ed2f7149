"""Whether what is asked makes sense, and what exactly is ordered by it."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.hosts import HostRefusedError, ascii_host
from flexura_search.domain.queries import Asked, AskedPages, Days, Query, SearchOrder, Topic
from flexura_search.domain.urls import without_mobile_label

QUERY_MAX = 2000
# Engines are asked in an address, where each byte beyond ASCII takes three characters and servers read about 8,000.
QUERY_BYTES_MAX = 2000
QUERIES_MAX = 5
RESULTS_MAX = 50
RESULTS_DEFAULT = 10
DOMAINS_MAX = 100
ENGINES_MAX = 20
NAME_SHOWN = 40
FAULTS_MAX = 10  # Are named, each with its value; an error has less room on its way than a request.
TOKENS_MIN = 500
TOKENS_MAX = 1_000_000
TIMEOUT_MS_MIN = 500
TIMEOUT_MS_MAX = 25_000
SEARCH_TIMEOUT_MS = 10_000
READ_TIMEOUT_MS = 15_000
URLS_MAX = 20

DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
LETTERS = re.compile(r"[a-z]{2}")
# What an address has beside its domain; the first that is there is told.
SIGNS = (
    ("://", "it is an address; send its host alone"),
    ("@", "it has a name before `@`; send what follows"),
    ("/", "it has a path; send what stands before"),
    ("?", "it has a query; send what stands before"),
    (":", "it has a port or is an address of IPv6; send a name alone"),
    (",", "it holds a comma; send each domain as a text of its own"),
    (" ", "it holds a blank; send one domain"),
)


class Faults:
    """Gathers all that is wrong with a request into one error."""

    def __init__(self) -> None:
        self._violations: list[FieldViolation] = []

    def add(self, field: str, message: str) -> None:
        self._violations.append(FieldViolation(field, f"`{field}` {message}"))

    def unless(self, is_right: bool, field: str, message: str) -> None:  # noqa: FBT001 - a check, not a switch.
        if not is_right:
            self.add(field, message)

    def check(self) -> None:
        if self._violations:
            named = self._violations[:FAULTS_MAX]
            beyond = len(self._violations) - len(named)
            message = "; ".join(violation.message for violation in named) + (f"; and {beyond} more" if beyond else "")
            raise FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, named)


def order_of(asked: Asked, known_engines: Mapping[str, Collection[Topic]]) -> SearchOrder:
    """What is ordered; raises with everything that is wrong."""
    faults = Faults()
    check_account(asked.account_id, faults)
    check_limits(asked.tokens_max, asked.timeout_ms, faults)
    queries = queries_of(asked.queries, faults)
    fits = 0 <= asked.results_max <= RESULTS_MAX
    faults.unless(fits, "max_results", f"must be from 1 to {RESULTS_MAX}, not {asked.results_max}")
    days = days_of(asked, faults)
    country, language = letters(asked.country, "country", faults), letters(asked.language, "language", faults)
    # Pages are compared by their addresses for large screens.
    include = each_once(map(without_mobile_label, domains_of(asked.include_domains, "include_domains", faults)))
    exclude = domains_of(asked.exclude_domains, "exclude_domains", faults)
    engines = engines_of(asked, known_engines, faults)
    faults.check()
    return SearchOrder(
        queries=tuple(
            Query(
                text,
                asked.topic,
                asked.results_max or RESULTS_DEFAULT,
                asked.time_range,
                days,
                country,
                language,
                include,
                exclude,
            )
            for text in queries
        ),
        content=asked.content,
        format=asked.format,
        engines=engines,
        allows_fallback=asked.allows_fallback,
    )


def check_pages(asked: AskedPages) -> None:
    """Raises with everything that is wrong with the request; what is wrong with one address is that page's outcome."""
    faults = Faults()
    check_account(asked.account_id, faults)
    check_limits(asked.tokens_max, asked.timeout_ms, faults)
    faults.unless(1 <= len(asked.urls) <= URLS_MAX, "urls", f"takes 1 to {URLS_MAX} addresses, not {len(asked.urls)}")
    said = f"may have {QUERY_MAX:,} characters and has {len(asked.query):,}; shorten it"
    faults.unless(len(asked.query) <= QUERY_MAX, "query", said)
    faults.check()


def check_continuation(account_id: str, tokens_max: int, timeout_ms: int) -> None:
    faults = Faults()
    check_account(account_id, faults)
    check_limits(tokens_max, timeout_ms, faults)
    faults.check()


def check_account(account_id: str, faults: Faults) -> None:
    faults.unless(bool(account_id), "account_id", "takes the account on whose behalf the search runs")


def check_limits(tokens_max: int, timeout_ms: int, faults: Faults) -> None:
    fits = tokens_max == 0 or TOKENS_MIN <= tokens_max <= TOKENS_MAX
    said = f"must be from {TOKENS_MIN} to {TOKENS_MAX:,}, not {tokens_max}; leave it out for no budget"
    faults.unless(fits, "max_tokens", said)
    in_time = timeout_ms == 0 or TIMEOUT_MS_MIN <= timeout_ms <= TIMEOUT_MS_MAX
    faults.unless(in_time, "timeout_ms", f"must be from {TIMEOUT_MS_MIN} to {TIMEOUT_MS_MAX:,}, not {timeout_ms}")


def queries_of(given: Sequence[str], faults: Faults) -> tuple[str, ...]:
    """The queries without blanks around them, each once."""
    faults.unless(1 <= len(given) <= QUERIES_MAX, "query", f"takes 1 to {QUERIES_MAX} queries, not {len(given)}")
    queries = [" ".join(query.split()) for query in given[:QUERIES_MAX]]
    for number, query in enumerate(queries):
        place = "query" if len(given) == 1 else f"query[{number}]"
        faults.unless(bool(query), place, "is empty; say what to look for")
        size = len(query.encode(errors="replace"))
        said = (
            f"may have {QUERY_BYTES_MAX:,} bytes of UTF-8, about 660 Chinese characters, and has {size:,}; shorten it"
        )
        faults.unless(size <= QUERY_BYTES_MAX, place, said)
    return each_once(queries)


def days_of(asked: Asked, faults: Faults) -> Days:
    days = Days(day(asked.start_date, "start_date", faults), day(asked.end_date, "end_date", faults))
    is_one = not (days and asked.time_range)
    faults.unless(is_one, "time_range", "and dates exclude each other; send one of them")
    if days.first and days.last:
        faults.unless(days.first <= days.last, "start_date", "is after `end_date`; swap them")
    return days


def day(text: str, field: str, faults: Faults) -> date | None:
    if not text:
        return None
    if not DAY.fullmatch(text):
        why = "it has more than the day; send the day alone" if DAY.match(text) else "its form is another one"
    else:
        try:
            return date.fromisoformat(text)
        except ValueError:
            why = "the calendar has no such day"
    faults.add(field, f"must be a day as YYYY-MM-DD, such as `2026-04-01`, not {shown(text)}: {why}")
    return None


def letters(text: str, field: str, faults: Faults) -> str:
    code = text.lower()
    is_code = not text or LETTERS.fullmatch(code)
    faults.unless(bool(is_code), field, f"must be two letters, such as `de`, not {shown(text)}")
    return code


def domains_of(given: Sequence[str], field: str, faults: Faults) -> tuple[str, ...]:
    faults.unless(len(given) <= DOMAINS_MAX, field, f"takes at most {DOMAINS_MAX} domains, not {len(given)}")
    domains = []
    for number, text in enumerate(given[:DOMAINS_MAX]):
        why = fault_of_domain(text.strip())
        if why is not None:
            faults.add(f"{field}[{number}]", f"must be a domain, such as `example.org`, not {shown(text)}: {why}")
            continue
        domains.append(ascii_host(text.strip().removeprefix("*.")).removesuffix("."))
    return each_once(domains)


def fault_of_domain(text: str) -> str | None:
    """Says why it is no domain, as the end of a sentence; None where it is one."""
    if not text:
        return "it is empty; leave it out"
    why = next((why for sign, why in SIGNS if sign in text), None)
    if why is not None:
        return why
    try:
        name = ascii_host(text.removeprefix("*.")).removesuffix(".")
    except HostRefusedError as error:
        return f"it {error}"
    return None if DOMAIN.fullmatch(name) else fault_of_name(name)


def fault_of_name(name: str) -> str:
    if "*" in name:
        return "`*` may stand before the first dot alone"
    if re.search(r"(?:^|\.)-|-(?:\.|$)", name):
        return "a part of it begins or ends with a hyphen"
    return "it holds a character that no domain has" if name else "it names no domain"


def engines_of(asked: Asked, known: Mapping[str, Collection[Topic]], faults: Faults) -> tuple[str, ...]:
    given = asked.engines
    faults.unless(len(given) <= ENGINES_MAX, "engines", f"takes at most {ENGINES_MAX} names")
    unknown = [name[:NAME_SHOWN] for name in given[:ENGINES_MAX] if name not in known]
    unfit = [name for name in given[:ENGINES_MAX] if name in known and asked.topic not in known[name]]
    if unknown:
        there = ", ".join(sorted(known)) or "none"
        faults.add("engines", f"names {', '.join(unknown)}, which is not set up; there are: {there}")
    if unfit:
        fit = ", ".join(sorted(name for name, topics in known.items() if asked.topic in topics)) or "none"
        faults.add("engines", f"names {', '.join(unfit)}, which does not search {asked.topic}; these do: {fit}")
    return each_once(given)


def shown(text: str) -> str:
    """What was sent, short enough to repeat."""
    written = json.dumps(text if len(text) <= NAME_SHOWN else f"{text[:NAME_SHOWN]}...", ensure_ascii=False)
    return written.encode(errors="replace").decode()


def each_once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
