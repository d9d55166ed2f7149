"""What owners of webhooks ask for."""

import re
from collections.abc import Callable
from datetime import timedelta

from flexura_jobs.domain.webhooks import (
    SECRET_BYTES,
    SECRETS_MAX,
    WEBHOOKS_MAX,
    Delivery,
    DeliveryPlace,
    NewWebhook,
    Webhook,
    WebhookRefusal,
    shown_secret,
)
from flexura_jobs.ports import SecretKeeper, WebhookStore
from flexura_jobs.service.requests import ACCOUNT, invalid_request
from flexura_jobs.service.webhook_addresses import WebhookAddresses, written_url
from flexura_jobs.service.webhook_pages import checked_page_size, place_of, token_of
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.ids import AccountId, DeliveryId, WebhookId, new_uuid7

OVERLAP_DEFAULT = timedelta(hours=24)
OVERLAP_MAX = timedelta(days=7)

NOTHING_TO_TEST = "is that of a webhook with the scope job, which has no address; submit a job with webhook_url"

WEBHOOK_ID = re.compile(r"wh_[0-9a-f]{32}")
DELIVERY_ID = re.compile(r"msg_[0-9a-f]{32}_([0-9]{1,19}|test_[0-9a-f]{32})")


class Webhooks:
    def __init__(
        self,
        store: WebhookStore,
        secrets: SecretKeeper | None,
        addresses: WebhookAddresses,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._addresses = addresses
        self._random_bytes = random_bytes

    async def create(self, account_id: AccountId, url: str, *, for_jobs: bool) -> tuple[Webhook, str]:
        """Answers the webhook and its secret."""
        refuse_wrong_account(account_id)
        if for_jobs and url:
            raise invalid("url", "is not taken with the scope job: each job names its own; leave it out")
        url = written_url(url)
        fault = None if for_jobs else self._addresses.fault(url)
        if fault is not None:
            raise invalid("url", fault)
        webhook_id = WebhookId(f"wh_{new_id()}")
        secret, sealed = self._new_secret(webhook_id)
        webhook = await self._store.create(NewWebhook(webhook_id, account_id, url, sealed))
        match webhook:
            case WebhookRefusal.TOO_MANY:
                raise too_many(f"an account has at most {WEBHOOKS_MAX} webhooks; delete one first", WEBHOOKS_MAX)
            case WebhookRefusal.EXISTS:
                raise FlexuraError(
                    Kind.EXISTS,
                    Reason.WEBHOOK_EXISTS,
                    "the account has a webhook with the scope job already; rotate that one for a new secret",
                )
            case _:
                return webhook, secret

    async def page(self, account_id: AccountId, page_size: int, page_token: str) -> tuple[list[Webhook], str]:
        refuse_wrong_account(account_id)
        size = checked_page_size(page_size)
        if page_token and not WEBHOOK_ID.fullmatch(page_token):
            raise wrong_token()
        webhooks = await self._store.page(account_id, WebhookId(page_token) if page_token else None, size + 1)
        return webhooks[:size], webhooks[size - 1].webhook_id if len(webhooks) > size else ""

    async def delete(self, account_id: AccountId, webhook_id: WebhookId) -> None:
        if not can_be(account_id, webhook_id) or not await self._store.delete(account_id, webhook_id):
            raise webhook_not_found(webhook_id)

    async def rotate(
        self, account_id: AccountId, webhook_id: WebhookId, overlap: timedelta | None
    ) -> tuple[Webhook, str]:
        """Answers the webhook and the secret that signs from now on."""
        overlap = OVERLAP_DEFAULT if overlap is None else overlap
        if not timedelta() <= overlap <= OVERLAP_MAX:
            raise invalid("overlap", f"takes 0 seconds to {OVERLAP_MAX.days} days")
        await self._usable(account_id, webhook_id)
        secret, sealed = self._new_secret(webhook_id)
        webhook = await self._store.rotate(
            account_id, webhook_id, sealed, overlap, lambda old: self._is_readable(old, webhook_id)
        )
        if webhook is None:
            raise webhook_not_found(webhook_id)
        if isinstance(webhook, WebhookRefusal):
            message = (
                f"{SECRETS_MAX} secrets of this webhook sign at present; rotate again when one of them has expired"
            )
            raise too_many(message, SECRETS_MAX)
        return webhook, secret

    async def test(self, account_id: AccountId, webhook_id: WebhookId) -> Delivery:
        webhook = await self._usable(account_id, webhook_id)
        if not webhook.url:
            raise invalid("webhook_id", NOTHING_TO_TEST)
        delivery_id = DeliveryId(f"msg_{webhook_id.removeprefix('wh_')}_test_{new_id()}")
        delivery = await self._store.test(account_id, webhook_id, delivery_id)
        if delivery is None:
            raise webhook_not_found(webhook_id)  # Deleted or switched off between the two steps.
        return delivery

    async def deliveries(
        self, account_id: AccountId, webhook_id: WebhookId, page_size: int, page_token: str
    ) -> tuple[list[Delivery], str]:
        size = checked_page_size(page_size)
        after = place_of(page_token) if page_token else None
        if page_token and (after is None or not DELIVERY_ID.fullmatch(after.delivery_id)):
            raise wrong_token()
        await self._own(account_id, webhook_id)
        found = await self._store.deliveries(account_id, webhook_id, after, size + 1)
        last = found[size - 1] if len(found) > size else None
        return found[:size], token_of(DeliveryPlace(last.created_at, last.delivery_id)) if last else ""

    async def redeliver(self, account_id: AccountId, webhook_id: WebhookId, delivery_id: DeliveryId) -> Delivery:
        await self._usable(account_id, webhook_id)
        delivery = None
        if DELIVERY_ID.fullmatch(delivery_id):
            delivery = await self._store.redeliver(account_id, webhook_id, delivery_id)
        if delivery is None:
            raise FlexuraError(
                Kind.NOT_FOUND,
                Reason.DELIVERY_NOT_FOUND,
                "this webhook has no such delivery; ended ones are kept for 30 days",
                delivery_id=delivery_id,
            )
        return delivery

    async def _usable(self, account_id: AccountId, webhook_id: WebhookId) -> Webhook:
        webhook = await self._own(account_id, webhook_id)
        if webhook.disabled_at is not None:
            raise FlexuraError(
                Kind.REFUSED,
                Reason.WEBHOOK_DISABLED,
                "the webhook was switched off, because its receiver answered 410; create another one",
                webhook_id=webhook_id,
            )
        return webhook

    async def _own(self, account_id: AccountId, webhook_id: WebhookId) -> Webhook:
        webhook = await self._store.get(account_id, webhook_id) if can_be(account_id, webhook_id) else None
        if webhook is None:
            raise webhook_not_found(webhook_id)
        return webhook

    def _is_readable(self, sealed: str, webhook_id: WebhookId) -> bool:
        return self._secrets is not None and self._secrets.can_open(sealed, webhook_id)

    def _new_secret(self, webhook_id: WebhookId) -> tuple[str, str]:
        """Answers it as its owner sees it, and sealed."""
        if self._secrets is None:
            raise FlexuraError(
                Kind.BUSY,
                Reason.WEBHOOKS_UNAVAILABLE,
                "webhooks are not set up in this deployment: FLEXURA_WEBHOOKS_KEY_FILE names no file",
            )
        secret = self._random_bytes(SECRET_BYTES)
        return shown_secret(secret), self._secrets.seal(secret, webhook_id)


def new_id() -> str:
    return new_uuid7().replace("-", "")


def can_be(account_id: AccountId, webhook_id: WebhookId) -> bool:
    """Spares the database names that are none; it takes not every character."""
    return WEBHOOK_ID.fullmatch(webhook_id) is not None and ACCOUNT.fullmatch(account_id) is not None


def refuse_wrong_account(account_id: AccountId) -> None:
    if not ACCOUNT.fullmatch(account_id):
        raise invalid("account_id", "takes 1 to 100 of a-z, A-Z, 0-9, _ and -")


def invalid(field: str, ending: str) -> FlexuraError:
    return invalid_request([FieldViolation(field, f"{field} {ending}")])


def wrong_token() -> FlexuraError:
    return invalid("page_token", "takes the next_page_token of the page before, unchanged, or nothing")


def too_many(message: str, limit: int) -> FlexuraError:
    return FlexuraError(Kind.REFUSED, Reason.WEBHOOK_LIMIT, message, limit=str(limit))


def webhook_not_found(webhook_id: WebhookId) -> FlexuraError:
    # Another account's webhook looks the same as none.
    return FlexuraError(
        Kind.NOT_FOUND,
        Reason.WEBHOOK_NOT_FOUND,
        "this account has no such webhook; GET /api/webhooks lists those it has",
        webhook_id=webhook_id,
    )
