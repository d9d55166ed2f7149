"""From what is asked for to chance: the same wishes give the same bytes."""

import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any


def fingerprint(prompt: str, options: Mapping[str, Any]) -> bytes:
    """The same prompt, options and seed give the same 32 bytes."""
    text = json.dumps([prompt, dict(options)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()


def seed_of(prompt: str, options: Mapping[str, Any]) -> tuple[int, ...]:
    """The fingerprint as eight numbers, for a source of chance."""
    return struct.unpack("<8I", fingerprint(prompt, options))
