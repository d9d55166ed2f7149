"""The use cases: accounts are created; keys are created, listed, rotated, revoked and verified."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from flexura_auth.domain import WORKING_KEYS_MAX, Account, ApiKey, KeyState, is_id
from flexura_auth.ports import KeyStore, Transaction, Wakeups
from flexura_auth.service import checks, refusals
from flexura_kit import apikeys
from flexura_kit.clock import Clock
from flexura_kit.errors import FlexuraError, Kind
from flexura_kit.ids import AccountId, KeyId, new_uuid7


class NewApiKey(NamedTuple):
    """A key with its secret, which is never seen again."""

    key: ApiKey
    secret: str


class Verification(NamedTuple):
    """What is known of each digest, and when that was so."""

    verdicts: Sequence[ApiKey | FlexuraError]
    moment: datetime


class KeyPage(NamedTuple):
    keys: Sequence[ApiKey]
    next_page_token: str


class Auth:
    def __init__(self, store: KeyStore, wakeups: Wakeups, clock: Clock) -> None:
        self._store = store
        self._wakeups = wakeups
        self._clock = clock

    async def create_account(self, request_id: str, display_name: str) -> Account:
        checks.check_request_id(request_id)
        checks.check_display_name(display_name)
        account = Account(AccountId(_new_id("acc")), display_name, self._clock())
        async with self._store.begin() as tx:
            return await tx.account_of_request(request_id, account)

    async def create_api_key(self, account_id: AccountId, display_name: str) -> NewApiKey:
        checks.check_display_name(display_name)
        if not is_id(account_id):
            raise refusals.account_not_found(account_id)
        async with self._store.begin() as tx:
            if not await tx.lock_account(account_id):
                raise refusals.account_not_found(account_id)
            return await _insert_key(tx, account_id, display_name, self._clock())

    async def list_api_keys(self, account_id: AccountId, page_size: int, page_token: str) -> KeyPage:
        size = checks.checked_page_size(page_size)
        place = checks.checked_place(page_token)
        if not is_id(account_id):
            return KeyPage((), "")
        # One more than asked for tells whether there is a next page.
        keys = await self._store.keys_after(account_id, place, size + 1)
        page = keys[:size]
        return KeyPage(page, page[-1].place.token() if len(keys) > size else "")

    async def rotate_api_key(self, account_id: AccountId, key_id: KeyId, overlap: timedelta) -> NewApiKey:
        checks.check_overlap(overlap)
        _check_ids(account_id, key_id)
        async with self._store.begin() as tx:
            new = await self._rotate(tx, account_id, key_id, overlap)
        if not overlap:
            await self._wakeups.key_revoked(key_id)
        return new

    async def revoke_api_key(self, account_id: AccountId, key_id: KeyId) -> ApiKey:
        _check_ids(account_id, key_id)
        async with self._store.begin() as tx:
            key = await tx.revoke_key(account_id, key_id, self._clock())
        if key is None:
            raise refusals.key_not_found(key_id)
        # Said again for a key that was revoked before: whoever repeats the call may do so because it was not heard.
        await self._wakeups.key_revoked(key_id)
        return key

    async def verify_api_keys(self, digests: Sequence[bytes]) -> Verification:
        checks.check_item_count(len(digests))
        keys = await self._store.keys_of_digests(digests)
        moment = self._clock()
        return Verification([_verdict(keys.get(digest), moment) for digest in digests], moment)

    async def _rotate(self, tx: Transaction, account_id: AccountId, key_id: KeyId, overlap: timedelta) -> NewApiKey:
        # The lock keeps rotations of one key apart, and the count of keys true until the end.
        key = await tx.key(account_id, key_id) if await tx.lock_account(account_id) else None
        if key is None:
            raise refusals.key_not_found(key_id)
        moment = self._clock()
        state = key.state_at(moment)
        if state is not KeyState.WORKING:
            raise refusals.not_working(Kind.REFUSED, key, state)
        if not await tx.expire_unrevoked(key_id, key.expiry_when_rotated(moment, overlap)):
            raise refusals.not_working(Kind.REFUSED, key, KeyState.REVOKED)
        # Last, so that a key without an overlap has made room for its successor.
        return await _insert_key(tx, account_id, key.display_name, moment)


async def _insert_key(tx: Transaction, account_id: AccountId, display_name: str, moment: datetime) -> NewApiKey:
    """Inserts a new key of an account that is locked, unless the account has as many as it may have."""
    if await tx.count_working_keys(account_id, moment) >= WORKING_KEYS_MAX:
        raise refusals.too_many_keys()
    secret = apikeys.new_secret()
    key = ApiKey(KeyId(_new_id("key")), account_id, display_name, apikeys.prefix(secret), moment)
    await tx.insert_key(key, apikeys.digest(secret))
    return NewApiKey(key, secret)


def _verdict(key: ApiKey | None, moment: datetime) -> ApiKey | FlexuraError:
    if key is None:
        return refusals.unknown_key()
    state = key.state_at(moment)
    return key if state is KeyState.WORKING else refusals.not_working(Kind.UNAUTHENTICATED, key, state)


def _check_ids(account_id: AccountId, key_id: KeyId) -> None:
    if not is_id(account_id) or not is_id(key_id):
        raise refusals.key_not_found(key_id)


def _new_id(kind: str) -> str:
    return f"{kind}_{new_uuid7().replace('-', '')}"
