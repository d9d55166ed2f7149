"""What the use cases need from outside: a store and a way to say that a key was revoked."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from flexura_auth.domain import Account, ApiKey, Place
from flexura_kit.ids import AccountId, KeyId


class Transaction(Protocol):
    """Leaving it normally commits, an exception rolls back."""

    async def account_of_request(self, request_id: str, account: Account) -> Account:
        """Inserts the account unless the request made one before, and answers the one that is there."""

    async def lock_account(self, account_id: AccountId) -> bool:
        """Makes others who lock this account wait until the end; false where there is no such account."""

    async def count_working_keys(self, account_id: AccountId, moment: datetime) -> int: ...

    async def insert_key(self, key: ApiKey, digest: bytes) -> None: ...

    async def key(self, account_id: AccountId, key_id: KeyId) -> ApiKey | None: ...

    async def expire_unrevoked(self, key_id: KeyId, expiry: datetime) -> bool:
        """Sets when the key stops by itself; false where it was revoked meanwhile."""

    async def revoke_key(self, account_id: AccountId, key_id: KeyId, moment: datetime) -> ApiKey | None:
        """Answers the key, revoked at this moment or earlier; nothing where the account has no such key."""


class KeyStore(Protocol):
    def begin(self) -> AbstractAsyncContextManager[Transaction]: ...

    async def keys_of_digests(self, digests: Sequence[bytes]) -> Mapping[bytes, ApiKey]:
        """Answers the keys that are known, by digest, in one query."""

    async def keys_after(self, account_id: AccountId, place: Place | None, limit: int) -> Sequence[ApiKey]:
        """Answers the account's keys behind the place, newest first."""


class Wakeups(Protocol):
    async def key_revoked(self, key_id: KeyId) -> None:
        """Tells whoever caches keys, as well as it can; never fails."""
