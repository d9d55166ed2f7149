"""Webhooks, the messages that they are sent, and what becomes of a message after each try."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flexura_jobs.domain.events import ToldJob
from flexura_kit.ids import AccountId, DeliveryId, JobId, LeaseToken, WebhookId

SECRET_PREFIX = "whsec_"  # noqa: S105 - What every secret begins with.
SECRET_BYTES = 32

# From one try to the next; about a day in all, and the first ones soon, because most troubles are short.
DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=3),
    timedelta(hours=4),
    timedelta(hours=5),
    timedelta(hours=8),
)
ATTEMPTS_MAX = len(DELAYS) + 1
JITTER = 0.2  # To either side, so that what failed together does not come back together.
WEBHOOKS_MAX = 20
SECRETS_MAX = 5  # Of one webhook, in use at once: each makes the signature's header longer.
RETRY_AFTER_MAX = timedelta(hours=6)
ERROR_CHARACTERS_MAX = 2000  # Of what a message says about a failure.
GONE = 410
UNSIGNED_RETRY = timedelta(minutes=15)  # For a key that comes back; a rotation has its messages tried at once.
UNSIGNED_MAX = timedelta(days=30)
UNSIGNED_ERROR = (
    "the message could not be signed, because this server cannot read the secret of the webhook any more;"
    " rotate the secret with POST /api/webhooks/{webhook_id}/rotate"
)


class EventType(StrEnum):
    """What a message tells."""

    COMPLETED = "job.completed"
    FAILED = "job.failed"
    TEST = "webhook.test"


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as its owner sees it; without a URL it serves the jobs that name one themselves."""

    webhook_id: WebhookId
    url: str
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_reason: str | None = None
    previous_secret_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook that was checked and is about to be kept, with its secret sealed."""

    webhook_id: WebhookId
    account_id: AccountId
    url: str
    sealed_secret: str


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A sealed secret that is to replace the present one, which goes on signing for the overlap."""

    account_id: AccountId
    webhook_id: WebhookId
    sealed: str
    overlap: timedelta
    is_readable: Callable[[str], bool]
    """Whether a sealed secret of the webhook can be opened; one that cannot is dropped."""


class WebhookRefusal(StrEnum):
    """Why a webhook or a secret of it was not made."""

    TOO_MANY = "too_many"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class DeliveryPlace:
    """Where a page of deliveries begins: after this one."""

    created_at: datetime
    delivery_id: DeliveryId


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one address, as the webhook's owner sees it."""

    delivery_id: DeliveryId
    webhook_id: WebhookId
    event_type: EventType
    job_id: JobId | None
    url: str
    state: DeliveryState
    attempt: int
    created_at: datetime
    attempted_at: datetime | None
    next_attempt_at: datetime | None
    response_status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery that this process has claimed for one try, with all that the try needs."""

    delivery_id: DeliveryId
    webhook_id: WebhookId
    lease_token: LeaseToken
    event_type: EventType
    url: str
    attempt: int
    created_at: datetime
    sealed_secrets: tuple[str, ...]
    """The present one first."""
    job: ToldJob | None
    """None in a test, and where the job was removed meanwhile."""
    job_id: JobId | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one try: a status, or why there is none."""

    status: int | None = None
    error: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is recorded after a try."""

    state: DeliveryState
    response_status: int | None = None
    error: str | None = None
    retry_in: timedelta | None = None
    is_gone: bool = False
    counts: bool = True
    """Whether it uses up one of the tries; what was not sent does not."""


def outcome_of(answer: Answer, event_type: EventType, attempt: int, random: float) -> Outcome:
    """Judges a try. Only a status of the two hundreds is success; `random` from 0 to 1 spreads the next one."""
    status = answer.status
    if status is not None and 200 <= status < 300:  # noqa: PLR2004 - The classes of HTTP.
        return Outcome(DeliveryState.DELIVERED, status)
    error = answer.error or f"the receiver answered {status}"
    if status is not None and 300 <= status < 400:  # noqa: PLR2004 - As above.
        error += "; redirects are not followed, so give the address where it leads"
    if status == GONE:
        return Outcome(DeliveryState.FAILED, status, "the receiver answered 410: it is gone for good", is_gone=True)
    if event_type is EventType.TEST or attempt >= ATTEMPTS_MAX:
        return Outcome(DeliveryState.FAILED, status, error)
    return Outcome(DeliveryState.PENDING, status, error, retry_in(attempt, random, answer.retry_after))


def unsigned_outcome(event_type: EventType, age: timedelta, random: float) -> Outcome:
    """Judges a try that no secret could sign: the message waits until there is one, and is not counted as tried."""
    if event_type is EventType.TEST or age >= UNSIGNED_MAX:
        return Outcome(DeliveryState.FAILED, error=UNSIGNED_ERROR)
    spread = UNSIGNED_RETRY * (1 - JITTER + 2 * JITTER * random)
    return Outcome(DeliveryState.PENDING, error=UNSIGNED_ERROR, retry_in=spread, counts=False)


def retry_in(attempt: int, random: float, retry_after: timedelta | None) -> timedelta:
    """How long to wait after so many tries; never shorter than the receiver asks for, within reason."""
    spread = DELAYS[attempt - 1] * (1 - JITTER + 2 * JITTER * random)
    return max(spread, min(retry_after or timedelta(), RETRY_AFTER_MAX))


def shown_secret(secret: bytes) -> str:
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def signatures(secrets: Sequence[bytes], delivery_id: str, timestamp_s: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret in use."""
    signed = b"%s.%d.%s" % (delivery_id.encode(), timestamp_s, body)
    return " ".join(
        f"v1,{base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()}" for secret in secrets
    )
