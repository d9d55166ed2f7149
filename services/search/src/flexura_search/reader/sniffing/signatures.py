"""What bytes are by their beginning, as the MIME Sniffing standard says: documents, pictures, archives, text."""

import codecs
import re

SNIFFED_BYTES = 1445  # As many as the standard looks at.
BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
BINARY_SHARE = 0.03  # Of bytes at random it is 0.11; a page has a stray one here and there.
BLANKS = b" \t\r\n\x0c"
PDF = b"%PDF-"
BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
# Text that only its own program shows as a person sees it.
TEXTUAL = ((b"{\\rtf", "application/rtf"), (b"%!PS-Adobe-", "application/postscript"))
SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"\x00\x00\x02\x00", "image/x-icon"),
    (b"OggS\x00", "application/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"MThd\x00\x00\x00\x06", "audio/midi"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"Rar \x1a\x07\x00", "application/vnd.rar"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"OTTO", "font/otf"),
    (b"ttcf", "font/collection"),
    (b"\x00\x01\x00\x00", "font/ttf"),
)
UNKNOWN = "application/octet-stream"


def is_pdf(body: bytes) -> bool:
    return body[:SNIFFED_BYTES].removeprefix(codecs.BOM_UTF8).lstrip(BLANKS).startswith(PDF)


def binary_type(body: bytes) -> str:
    """The type of what is no text; empty where it may be text."""
    head = body[:SNIFFED_BYTES]
    if not is_binary(head):
        return textual_type(body)
    if head[:4] == b"RIFF":
        return "image/webp" if head[8:14] == b"WEBPVP" else "audio/wav"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return next((kind for signature, kind in SIGNATURES if head.startswith(signature)), UNKNOWN)


def binary_type_of_page(body: bytes) -> str:
    """The type of what is no text and is called HTML; a page may hold stray bytes that no text has."""
    head = body[:SNIFFED_BYTES]
    kind = binary_type(body) if is_binary(head) else ""
    is_noise = len(BINARY.findall(head)) > BINARY_SHARE * len(head)
    return kind if kind != UNKNOWN or is_noise else ""


def textual_type(body: bytes) -> str:
    """The type of what is written in letters and is no text to read; empty otherwise."""
    start = body[:SNIFFED_BYTES].removeprefix(codecs.BOM_UTF8).lstrip(BLANKS)
    return next((kind for signature, kind in TEXTUAL if start.startswith(signature)), "")


def is_binary(head: bytes) -> bool:
    """Whether it holds bytes that no text has, and does not begin as UTF-16 does."""
    return not head.startswith(BOMS) and not is_utf_16(head) and BINARY.search(head) is not None


def is_utf_16(head: bytes) -> bool:
    """Whether it is UTF-16 without a mark: markup has every other byte 0 at its beginning."""
    pairs = head[:64]
    if len(pairs) < 4:  # noqa: PLR2004 - two characters.
        return False
    high, low = pairs[0::2], pairs[1::2]
    return (not any(high) and all(low[: len(low) // 2])) or (not any(low) and all(high))
