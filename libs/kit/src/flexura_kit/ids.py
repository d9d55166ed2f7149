"""The types of identities, and how new ones are made."""

import secrets
import time
from typing import NewType

AccountId = NewType("AccountId", str)
DeliveryId = NewType("DeliveryId", str)
JobId = NewType("JobId", str)
KeyId = NewType("KeyId", str)
LeaseToken = NewType("LeaseToken", str)
RequestId = NewType("RequestId", str)
WebhookId = NewType("WebhookId", str)
WorkerId = NewType("WorkerId", str)

RANDOM_BITS = 74  # What RFC 9562 leaves of a UUIDv7 beside time, version and variant.


def new_uuid7() -> str:
    """Makes a UUIDv7 whose random bits all come from `secrets`: knowing such an id is a permission."""
    random = secrets.randbits(RANDOM_BITS)
    value = (
        (time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | (random >> 62) << 64
        | 0b10 << 62
        | random & (1 << 62) - 1
    )
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
