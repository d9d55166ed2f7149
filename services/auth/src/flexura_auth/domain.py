"""Accounts, API keys, and when a key works."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from flexura_kit.ids import AccountId, KeyId

DISPLAY_NAME_MAX = 100
REQUEST_ID_MAX = 64
WORKING_KEYS_MAX = 100
VERIFY_ITEMS_MAX = 256
PAGE_SIZE_MAX = 100
PAGE_SIZE_DEFAULT = 50
OVERLAP_MAX = timedelta(days=7)

_ID = re.compile(r"(?:acc|key)_[0-9a-f]{32}")
# At most 14 digits: the last moment they can say lies in the year 4253.
_TOKEN = re.compile(r"([0-9a-f]{1,14})-(key_[0-9a-f]{32})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class KeyState(StrEnum):
    WORKING = "working"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Account:
    account_id: AccountId
    display_name: str
    create_time: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    key_id: KeyId
    account_id: AccountId
    display_name: str
    key_prefix: str
    create_time: datetime
    revoke_time: datetime | None = None
    expire_time: datetime | None = None

    @property
    def place(self) -> "Place":
        return Place(self.create_time, self.key_id)

    def state_at(self, moment: datetime) -> KeyState:
        # Revoked comes first: it is what the owner did, and it does not pass.
        if self.revoke_time is not None:
            return KeyState.REVOKED
        if self.expire_time is not None and self.expire_time <= moment:
            return KeyState.EXPIRED
        return KeyState.WORKING

    def expiry_when_rotated(self, moment: datetime, overlap: timedelta) -> datetime:
        """Says when the key stops once it is replaced; rotating it again never makes it live longer."""
        wanted = moment + overlap
        return wanted if self.expire_time is None else min(wanted, self.expire_time)


@dataclass(frozen=True, slots=True)
class Place:
    """A place between two keys of a list that is sorted newest first."""

    create_time: datetime
    key_id: KeyId

    def token(self) -> str:
        """Writes the place as a page token, which holds nothing that the list does not show."""
        return f"{(self.create_time - _EPOCH) // _MICROSECOND:x}-{self.key_id}"


def place_of_token(token: str) -> Place | None:
    """Reads a page token; nothing where it is none of ours."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    return Place(_EPOCH + int(match[1], 16) * _MICROSECOND, KeyId(match[2]))


def is_id(text: str) -> bool:
    """Tells what may be an account's or a key's id; anything else is known to nobody and need not be looked up."""
    return _ID.fullmatch(text) is not None
