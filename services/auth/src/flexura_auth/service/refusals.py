"""The errors of this service, one function for each, with the sentence that people read."""

from flexura_auth.domain import WORKING_KEYS_MAX, ApiKey, KeyState
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, KeyId

ECHO_MAX = 64  # What a caller sends is repeated to it, but an over-long id would not fit a status.


def invalid(field: str, message: str) -> FlexuraError:
    violation = FieldViolation(field, message)
    return FlexuraError(Kind.INVALID, Reason.INVALID_REQUEST, f"{field}: {message}", [violation])


def account_not_found(account_id: AccountId) -> FlexuraError:
    return FlexuraError(Kind.NOT_FOUND, Reason.ACCOUNT_NOT_FOUND, "no such account", account_id=account_id[:ECHO_MAX])


def key_not_found(key_id: KeyId) -> FlexuraError:
    message = "no such API key in this account"
    return FlexuraError(Kind.NOT_FOUND, Reason.API_KEY_NOT_FOUND, message, key_id=key_id[:ECHO_MAX])


def too_many_keys() -> FlexuraError:
    return FlexuraError(
        Kind.LIMITED,
        Reason.API_KEY_LIMIT,
        f"the account has {WORKING_KEYS_MAX} working API keys, the most it may have; revoke one first",
        limit=str(WORKING_KEYS_MAX),
    )


def unknown_key() -> FlexuraError:
    return FlexuraError(
        Kind.UNAUTHENTICATED, Reason.API_KEY_UNKNOWN, "the API key is not known here; it may be of another installation"
    )


def not_working(kind: Kind, key: ApiKey, state: KeyState) -> FlexuraError:
    """Says why a key does not work: to who brings it (UNAUTHENTICATED), or to who would rotate it (REFUSED)."""
    if state is KeyState.REVOKED:
        return FlexuraError(kind, Reason.API_KEY_REVOKED, "the API key was revoked", key_prefix=key.key_prefix)
    return FlexuraError(
        kind,
        Reason.API_KEY_EXPIRED,
        "the API key was replaced by a new one and its overlap is over",
        key_prefix=key.key_prefix,
    )
