"""The one error that crosses boundaries, its kinds and its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What kind of error it is; decides the gRPC and the HTTP status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    EXISTS = "exists"
    REFUSED = "refused"
    LIMITED = "limited"
    BUSY = "busy"
    TIMED_OUT = "timed_out"
    INTERNAL = "internal"


class Reason(StrEnum):
    """The stable name a client may test; the protos say what each means, with an example."""

    INTERNAL = "internal"
    SERVICE_UNAVAILABLE = "service_unavailable"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    OVERLOADED = "overloaded"
    CANCELED = "canceled"

    INVALID_REQUEST = "invalid_request"
    MALFORMED_JSON = "malformed_json"
    BODY_TOO_LARGE = "body_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    ROUTE_NOT_FOUND = "route_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    BAD_REQUEST = "bad_request"
    BODY_TIMEOUT = "body_timeout"
    HEADERS_TOO_LARGE = "headers_too_large"
    URI_TOO_LONG = "uri_too_long"
    PRECONDITION_FAILED = "precondition_failed"
    EXPECTATION_FAILED = "expectation_failed"
    NOT_IMPLEMENTED = "not_implemented"
    HTTP_VERSION_UNSUPPORTED = "http_version_unsupported"

    API_KEY_MISSING = "api_key_missing"
    API_KEY_MALFORMED = "api_key_malformed"
    API_KEY_UNKNOWN = "api_key_unknown"
    API_KEY_REVOKED = "api_key_revoked"
    API_KEY_EXPIRED = "api_key_expired"
    API_KEY_NOT_FOUND = "api_key_not_found"
    ACCOUNT_NOT_FOUND = "account_not_found"
    API_KEY_LIMIT = "api_key_limit"
    EVENT_TOKEN_INVALID = "event_token_invalid"  # noqa: S105 - a name, no secret.
    EVENT_TOKEN_EXPIRED = "event_token_expired"  # noqa: S105 - a name, no secret.

    JOB_NOT_FOUND = "job_not_found"
    ASSET_NOT_FOUND = "asset_not_found"
    MODEL_UNKNOWN = "model_unknown"
    MODEL_TYPE_MISMATCH = "model_type_mismatch"
    MODEL_UNAVAILABLE = "model_unavailable"
    JOB_EXISTS = "job_exists"
    LEASE_LOST = "lease_lost"
    JOB_NOT_CLAIMABLE = "job_not_claimable"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    QUEUE_LIMIT = "queue_limit"
    JOB_DELETED = "job_deleted"
    JOB_EXPIRED = "job_expired"
    ASSET_LOST = "asset_lost"

    PROVIDER_FAILED = "provider_failed"
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_RETURNED_NOTHING = "provider_returned_nothing"
    GENERATOR_CRASHED = "generator_crashed"
    WORKER_LOST = "worker_lost"
    OUTCOME_UNKNOWN = "outcome_unknown"
    WORKER_FAULT = "worker_fault"

    CURSOR_EXPIRED = "cursor_expired"
    EVENT_STREAM_LIMIT = "event_stream_limit"

    SEARCH_UNAVAILABLE = "search_unavailable"
    CONTINUATION_EXPIRED = "continuation_expired"
    SEARCH_LIMIT = "search_limit"
    PAGE_UNREACHABLE = "page_unreachable"
    PAGE_REFUSED = "page_refused"
    PAGE_NOT_FOUND = "page_not_found"
    PAGE_UNREADABLE = "page_unreadable"
    ADDRESS_REFUSED = "address_refused"

    WEBHOOK_NOT_FOUND = "webhook_not_found"
    DELIVERY_NOT_FOUND = "delivery_not_found"
    WEBHOOK_LIMIT = "webhook_limit"
    WEBHOOK_EXISTS = "webhook_exists"
    WEBHOOK_DISABLED = "webhook_disabled"
    WEBHOOKS_UNAVAILABLE = "webhooks_unavailable"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field that is wrong: its path as the client wrote it, and how to mend it."""

    field: str
    message: str


class FlexuraError(Exception):
    """What went wrong, in a form that every service and every client understands.

    `message` is one sentence for people and safe to show; `metadata` holds every changing part of it.
    """

    def __init__(
        self,
        kind: Kind,
        reason: Reason,
        message: str,
        violations: Sequence[FieldViolation] = (),
        **metadata: str,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.reason = reason
        self.message = message
        self.violations = tuple(violations)
        self.metadata = metadata

    def __repr__(self) -> str:
        return f"FlexuraError({self.kind}, {self.reason}, {self.message!r}, {self.metadata})"
