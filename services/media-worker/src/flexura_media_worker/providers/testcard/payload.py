"""Bytes of a given number instead of a card: what benchmarks push through the pipeline."""

import hashlib
from pathlib import Path

BLOCK_BYTES = 1 << 20


def write_payload(path: Path, size_bytes: int, fingerprint: bytes) -> None:
    block = hashlib.shake_256(fingerprint).digest(min(size_bytes, BLOCK_BYTES))
    whole, rest = divmod(size_bytes, len(block))
    with path.open("wb") as file:
        for _ in range(whole):
            file.write(block)
        file.write(block[:rest])
