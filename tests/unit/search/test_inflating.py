"""Packed bodies, as servers send them."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexura_search.reader.inflating import inflating

TEXT = b"The tide table hangs at the sill of the harbour. " * 40


def unpacked(encoding: str, body: bytes, piece: int = 65_536) -> bytes:
    unpacking = inflating(encoding)
    assert unpacking is not None
    return b"".join(b"".join(unpacking.feed(body[at : at + piece])) for at in range(0, len(body), piece))


@given(st.sampled_from([b"", b"\n", b"\x00" * 512, b"<!-- cached -->", b"\x1f", b"\x1f no"]), st.integers(1, 200))
def test_what_follows_a_whole_gzip_body_is_passed_over(rest: bytes, piece: int) -> None:
    assert unpacked("gzip", gzip.compress(TEXT) + rest, piece) == TEXT
    assert unpacked("gzip", gzip.compress(TEXT) + gzip.compress(TEXT) + rest, piece) == TEXT + TEXT
    assert unpacked("deflate", zlib.compress(TEXT) + rest, piece) == TEXT


@pytest.mark.parametrize("encoding", ["", " ", "identity", "none", "UTF-8", "utf8", "8bit", "binary", ","])
def test_what_is_no_encoding_is_passed_over(encoding: str) -> None:
    assert unpacked(encoding, TEXT) == TEXT


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "gzip,", ", gzip", "gzip, identity", "none, gzip"])
def test_an_encoding_is_found_among_what_is_none(encoding: str) -> None:
    assert unpacked(encoding, gzip.compress(TEXT)) == TEXT


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, br", "gzip, gzip"])
def test_what_was_not_asked_for_is_not_unpacked(encoding: str) -> None:
    assert inflating(encoding) is None


def is_whole(encoding: str, body: bytes, piece: int) -> bool:
    unpacking = inflating(encoding)
    assert unpacking is not None
    for at in range(0, len(body), piece):
        list(unpacking.feed(body[at : at + piece]))
    return unpacking.is_whole


RAW = zlib.compress(TEXT)[2:-4]
PACKED = (("gzip", gzip.compress(TEXT)), ("deflate", zlib.compress(TEXT)), ("deflate", RAW))


@given(st.sampled_from(PACKED), st.floats(0, 1, exclude_max=True), st.integers(1, 200))
def test_a_packed_body_that_breaks_off_is_not_whole(packed: tuple[str, bytes], share: float, piece: int) -> None:
    encoding, body = packed
    assert is_whole(encoding, body, piece)
    assert not is_whole(encoding, body[: max(1, int(len(body) * share))], piece)


@pytest.mark.parametrize("rest", [b"", b"\x1f", b"\n", b"no gzip"])
def test_a_body_is_whole_whatever_follows_its_end(rest: bytes) -> None:
    assert is_whole("gzip", gzip.compress(TEXT) + rest, 100)
    assert not is_whole("gzip", gzip.compress(TEXT) + gzip.compress(TEXT)[:40], 100)
    assert is_whole("gzip", b"", 100)
    assert is_whole("", TEXT, 100)
