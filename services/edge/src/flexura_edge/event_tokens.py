"""Tokens for clients that cannot send a key, such as a browser's EventSource: they open event streams for a while."""

import hashlib
import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from Crypto.Cipher import AES

from flexura_kit import base64url
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.startup import SettingsError

SCHEME = "fx_events_"
CONTENT = struct.Struct(">d32s")  # When it ends, and the digest of the key that it stands for.
NONCE_BYTES = TAG_BYTES = 16
KEY_CHARACTERS_MIN = 32


class EventToken(NamedTuple):
    text: str
    expires_at: float
    """In the time of auth."""
    key_digest: bytes


class EventTokens:
    """Encrypts the digest of a key: who can use the token cannot find out the key, and no list of tokens is kept.

    `secrets` are shared by all replicas. The first one encrypts and all decrypt, so that they can be rotated.
    """

    def __init__(self, secrets: Sequence[str], lifetime_s: float, now: Callable[[], float]) -> None:
        self._keys = [hashlib.sha256(secret.encode()).digest() for secret in secrets]
        self._lifetime_s = lifetime_s
        self._now = now

    @property
    def lifetime_s(self) -> float:
        return self._lifetime_s

    def make(self, key_digest: bytes) -> EventToken:
        expires_at = self._now() + self._lifetime_s
        nonce = os.urandom(NONCE_BYTES)
        sealed, tag = cipher(self._keys[0], nonce).encrypt_and_digest(CONTENT.pack(expires_at, key_digest))
        text = SCHEME + base64url.encode(nonce + sealed + tag)
        return EventToken(text, expires_at, key_digest)

    def refuse_expired(self, token: EventToken) -> None:
        """To be asked once auth has answered for the token's key: only then is the time known."""
        if self._now() >= token.expires_at:
            raise FlexuraError(
                Kind.UNAUTHENTICATED,
                Reason.EVENT_TOKEN_EXPIRED,
                f"the event token is older than the {self._lifetime_s:g} seconds that it lasts",
                lifetime_s=f"{self._lifetime_s:g}",
            )

    def open(self, token: str) -> EventToken:
        """Reads a token of ours; refuses any other."""
        for key in self._keys:
            try:
                given = base64url.decode(token.removeprefix(SCHEME))
                sealed, tag = given[NONCE_BYTES:-TAG_BYTES], given[-TAG_BYTES:]
                expires_at, digest = CONTENT.unpack(cipher(key, given[:NONCE_BYTES]).decrypt_and_verify(sealed, tag))
            except (ValueError, struct.error):
                continue
            return EventToken(token, expires_at, digest)
        raise FlexuraError(
            Kind.UNAUTHENTICATED,
            Reason.EVENT_TOKEN_INVALID,
            "the `token` is none that this server has made, or was changed on its way",
        )


def read_secrets(file: Path | None) -> list[str]:
    """Reads one secret a line; without a file, one that this process alone knows."""
    if file is None:
        return [os.urandom(KEY_CHARACTERS_MIN).hex()]
    secrets = [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not secrets or min(map(len, secrets)) < KEY_CHARACTERS_MIN:
        raise SettingsError(
            f"FLEXURA_EVENT_TOKEN_KEY_FILE: {file} must hold at least {KEY_CHARACTERS_MIN} characters of a secret"
            " on each line; `openssl rand -hex 32` makes one"
        )
    return secrets


def cipher(key: bytes, nonce: bytes) -> Any:
    return AES.new(key, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
