"""The place in a feed, as a client keeps it."""

import struct
from hashlib import sha256

from flexura_kit import base64url
from flexura_kit.ids import AccountId

CURSOR = struct.Struct(">q8s")  # The number of the last event, and the seal.
WRONG = (
    "is not one that this account was answered; send the `cursor` of a page or the `id` of an event as it was, or leave"
    " it out"
)


def cursor_of(account_id: AccountId, sequence: int) -> str:
    return base64url.encode(CURSOR.pack(sequence, seal(account_id, sequence)))


def sequence_of(account_id: AccountId, cursor: str) -> int | None:
    """Answers None for anything but a cursor that was made for this account."""
    try:
        sequence, sealed = CURSOR.unpack(base64url.decode(cursor))
    except (ValueError, struct.error):
        return None
    return int(sequence) if sequence >= 0 and sealed == seal(account_id, sequence) else None


def seal(account_id: AccountId, sequence: int) -> bytes:
    """Ties a cursor to its account. It is no secret: who forges one still sees the own account's events only."""
    return sha256(f"{account_id}\0{sequence}".encode(errors="replace")).digest()[:8]
