"""Tokens and cursors as text: what was made is read, and nothing else, on every Python."""

import pytest

from flexura_kit import base64url


@pytest.mark.parametrize("size", range(50))
def test_what_was_encoded_is_decoded_whatever_its_length(size: int) -> None:
    content = bytes((251 * number) % 256 for number in range(size))

    assert base64url.decode(base64url.encode(content)) == content


@pytest.mark.parametrize(
    "text", ["=", "QQ=", "QQ==", "QQQ=", "QUFB==", "Q", "QUFBQ", "QR", "+/+/", "QU FB", "QQ\n", "Qü"]
)
def test_what_cannot_have_been_encoded_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        base64url.decode(text)
