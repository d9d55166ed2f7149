"""Bodies as they were before they were packed, a bounded piece at a time."""

import zlib
from collections.abc import Iterator
from typing import Protocol

PIECE_BYTES = 65_536
GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
GZIP_MAGIC = b"\x1f\x8b"
DEFLATE_LOW_NIBBLE = 8
UNPACKED = {"gzip": GZIP_WINDOW_BITS, "x-gzip": GZIP_WINDOW_BITS, "deflate": None}
OTHERS = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})


class Inflating(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]:
        """Gives what the data unpack to, in small pieces; raises zlib.error."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing at the end of what was fed."""


def inflating(encoding: str) -> Inflating | None:
    """Chooses by the header `Content-Encoding`; None where the body is packed in a way that was not asked for.

    Names that are no encoding, such as `none` and `UTF-8`, are passed over, as browsers do.
    """
    names = [part.strip().lower() for part in encoding.split(",")]
    names = [name for name in names if name in UNPACKED or name in OTHERS]
    if not names:
        return Plain()
    return Packed(UNPACKED[names[0]]) if len(names) == 1 and names[0] in UNPACKED else None


class Plain:
    is_whole = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data


class Packed:
    def __init__(self, window_bits: int | None) -> None:
        self._window_bits = window_bits
        self._unpacker = None if window_bits is None else zlib.decompressobj(window_bits)
        self._held = b""
        """What follows a complete part, until it tells what it is."""
        self._is_between = False
        self._is_over = False
        self._is_begun = False

    @property
    def is_whole(self) -> bool:
        return self._is_between or self._is_over or not self._is_begun

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._is_begun = self._is_begun or bool(data)
        while data and not self._is_over:
            if self._is_between:
                data = self._begun(data)
                continue
            unpacker = self._unpacker = self._unpacker or unpacker_of_deflate(data)
            # However well the rest is packed, no more than a piece comes out before the caller counts it.
            yield unpacker.decompress(data, PIECE_BYTES)
            data = unpacker.unconsumed_tail
            if unpacker.eof:
                # A body may be several packed ones in a row; only gzip says where the next one begins.
                data = unpacker.unused_data
                self._is_between, self._is_over = True, self._window_bits is None

    def _begun(self, data: bytes) -> bytes:
        """What the next part begins with; browsers pass over what is none."""
        data, self._held = self._held + data, b""
        if len(data) < len(GZIP_MAGIC) and GZIP_MAGIC.startswith(data):
            self._held = data
            return b""
        self._is_over = not data.startswith(GZIP_MAGIC)
        self._is_between = False
        self._unpacker = zlib.decompressobj(GZIP_WINDOW_BITS)
        return data


def unpacker_of_deflate(data: bytes) -> "zlib._Decompress":
    """`deflate` should have the header of zlib, and some servers send it without."""
    has_header = data[0] & 0x0F == DEFLATE_LOW_NIBBLE
    return zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
