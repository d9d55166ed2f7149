"""Bodies as they were before they were packed, a bounded piece at a time."""

import zlib
from collections.abc import Iterator
from typing import Protocol

PIECE_BYTES = 65_536
GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
DEFLATE_LOW_NIBBLE = 8


class Inflating(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]:
        """Gives what the data unpack to, in small pieces; raises zlib.error."""


def inflating(encoding: str) -> Inflating | None:
    """Chooses by the header `Content-Encoding`; None where the encoding is none that was asked for."""
    match encoding.strip().lower():
        case "" | "identity":
            return Plain()
        case "gzip" | "x-gzip":
            return Packed(GZIP_WINDOW_BITS)
        case "deflate":
            return Packed(None)
    return None


class Plain:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data


class Packed:
    def __init__(self, window_bits: int | None) -> None:
        self._window_bits = window_bits
        self._unpacker = None if window_bits is None else zlib.decompressobj(window_bits)

    def feed(self, data: bytes) -> Iterator[bytes]:
        unpacker = self._unpacker
        if unpacker is None:
            # "deflate" should have the header of zlib, and some servers send it without.
            has_header = data[:1] and data[0] & 0x0F == DEFLATE_LOW_NIBBLE
            unpacker = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
            self._unpacker = unpacker
        while data:
            # However well the rest is packed, no more than a piece comes out before the caller counts it.
            yield unpacker.decompress(data, PIECE_BYTES)
            data = unpacker.unconsumed_tail
            if unpacker.eof:
                # A body may be several packed ones in a row; only gzip says where the next one begins.
                data = unpacker.unused_data if self._window_bits is not None else b""
                self._unpacker = unpacker = zlib.decompressobj(self._window_bits or zlib.MAX_WBITS)
