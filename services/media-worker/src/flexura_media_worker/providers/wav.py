"""Samples as a WAV file: 16 bit, two channels, and facts in a LIST chunk, where players show them."""

import struct
from collections.abc import Mapping

TITLE, COMMENT = "INAM", "ICMT"


def wav(data: bytes, rate: int, facts: Mapping[str, str]) -> bytes:
    """Data are samples of the left and the right side in turn."""
    listed = b"INFO" + b"".join(chunk(name.encode(), text(fact)) for name, fact in facts.items())
    form = struct.pack("<HHIIHH", 1, 2, rate, rate * 4, 4, 16)
    return chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", form) + chunk(b"data", data) + chunk(b"LIST", listed))


def text(line: str) -> bytes:
    return line.encode("utf-8", "replace").replace(b"\0", b" ") + b"\0"


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
