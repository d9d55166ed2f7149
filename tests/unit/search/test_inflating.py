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
