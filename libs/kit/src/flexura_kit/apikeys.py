"""The form of an API key: how one is made, recognised and stored."""

import re
import secrets
import zlib
from hashlib import sha256

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SCHEME = "fx_live_"
RANDOM_CHARACTERS = 32  # 190 bits.
CHECKSUM_CHARACTERS = 6  # As many as 2**32 takes in base 62.
PREFIX_CHARACTERS = 12  # Four random ones: enough to recognise a key by, too few to guess it from.

_FORM = re.compile(f"{SCHEME}[0-9A-Za-z]{{{RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}}")


def new_secret() -> str:
    body = SCHEME + "".join(secrets.choice(BASE62) for _ in range(RANDOM_CHARACTERS))
    return body + _checksum(body)


def is_well_formed(secret: str) -> bool:
    """Tells typing errors from keys, without asking anyone."""
    if not _FORM.fullmatch(secret):
        return False
    body, checksum = secret[:-CHECKSUM_CHARACTERS], secret[-CHECKSUM_CHARACTERS:]
    return _checksum(body) == checksum


def digest(secret: str) -> bytes:
    """What is stored of a key. As secret as the key itself: it opens what the key opens."""
    # A plain hash suffices: 190 random bits leave nothing to guess, so slow hashing would only slow down each request.
    return sha256(secret.encode()).digest()


def prefix(secret: str) -> str:
    return secret[:PREFIX_CHARACTERS]


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(BASE62))
        digits.append(BASE62[digit])
    return "".join(reversed(digits))
