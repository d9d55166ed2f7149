"""What the search service does, one method for each RPC."""

from typing import NoReturn

from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId

QUERY_MAX = 2000
RESULTS_MAX = 50


class Search:
    """Has no engine set up, and says so rather than answer with anything else."""

    @property
    def engines(self) -> tuple[str, ...]:
        return ()

    def search(self, account_id: AccountId, query: str, max_results: int) -> NoReturn:
        violations = [*_account_violations(account_id), *_query_violations(query), *_count_violations(max_results)]
        if violations:
            message = "; ".join(f"{violation.field}: {violation.message}" for violation in violations)
            raise FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, message, violations)
        raise FlexuraError(
            Kind.BUSY,
            Reason.SEARCH_UNAVAILABLE,
            "no search engine is set up in this installation, so there is nothing to search with",
            engines=", ".join(self.engines),
        )


def _account_violations(account_id: AccountId) -> list[FieldViolation]:
    return [] if account_id else [FieldViolation("account_id", "takes the account on whose behalf the search runs")]


def _query_violations(query: str) -> list[FieldViolation]:
    if query.strip() and len(query) <= QUERY_MAX:
        return []
    return [FieldViolation("query", f"takes 1 to {QUERY_MAX:,} characters, not all of them blank")]


def _count_violations(max_results: int) -> list[FieldViolation]:
    if 0 <= max_results <= RESULTS_MAX:
        return []
    return [FieldViolation("max_results", f"takes 1 to {RESULTS_MAX}, or 0 for 10")]
