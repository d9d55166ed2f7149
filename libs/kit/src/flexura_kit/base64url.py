"""Bytes as text for addresses and headers: base64url without padding (RFC 4648, 5; RFC 7515, 2)."""

from base64 import b64decode, urlsafe_b64encode


def encode(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Raises ValueError for anything that `encode` cannot have made."""
    # Exactly the padding that the length asks for: more of it is an error from Python 3.13 on.
    content = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encode(content) != text:
        raise ValueError("not in canonical form")
    return content
