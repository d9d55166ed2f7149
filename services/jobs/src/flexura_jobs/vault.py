"""Secrets at rest: sealed under a key of a file, bound to whom they belong to."""

import base64
import binascii
import hashlib
import os
from pathlib import Path

from Crypto.Cipher import AES

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
NAME_CHARACTERS = 8


class KeyFileError(Exception):
    """The key file is wrong; the text says how and never what it holds."""


class Vault:
    """Seals with the first key and opens with any, so that keys are rotated by a new first line."""

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = {name_of(key): key for key in keys}
        self._first = name_of(keys[0])

    def seal(self, secret: bytes, owner: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        cipher = AES.new(self._keys[self._first], AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
        cipher.update(owner.encode())
        sealed, tag = cipher.encrypt_and_digest(secret)
        return f"{self._first}:{base64.b64encode(nonce + sealed + tag).decode()}"

    def open(self, sealed: str, owner: str) -> bytes:
        """Raises KeyFileError where the key is not in the file, and ValueError where the text was changed."""
        name, _, text = sealed.partition(":")
        key = self._keys.get(name)
        if key is None:
            raise KeyFileError(f"the key {name} is not in the key file of webhooks; add it as a further line")
        content = base64.b64decode(text, validate=True)
        cipher = AES.new(key, AES.MODE_GCM, nonce=content[:NONCE_BYTES], mac_len=TAG_BYTES)
        cipher.update(owner.encode())
        return cipher.decrypt_and_verify(content[NONCE_BYTES:-TAG_BYTES], content[-TAG_BYTES:])

    def can_open(self, sealed: str, owner: str) -> bool:
        try:
            self.open(sealed, owner)
        except (KeyFileError, ValueError):
            return False
        return True


def read_vault(file: Path) -> Vault:
    """Reads one key a line, each 32 bytes in base64; the first one seals."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="ascii").splitlines() if line.strip()]
        keys = [key_of(line) for line in lines]
    except (OSError, ValueError) as error:
        raise KeyFileError(f"the key file of webhooks {file} cannot be read: {type(error).__name__}") from error
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise KeyFileError(f"the key file of webhooks {file} must hold {KEY_BYTES} bytes in base64 on each line")
    return Vault(keys)


def key_of(line: str) -> bytes:
    standard = line.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error


def name_of(key: bytes) -> str:
    """Tells keys apart; a digest of 32 random bytes gives nothing of them away."""
    return hashlib.sha256(key).hexdigest()[:NAME_CHARACTERS]
