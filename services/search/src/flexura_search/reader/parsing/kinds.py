"""The content types that hold text, and how each is read."""

from enum import StrEnum


class Parser(StrEnum):
    HTML = "html"
    PDF = "pdf"
    PLAIN = "plain"


PARSERS = {
    "text/html": Parser.HTML,
    "application/xhtml+xml": Parser.HTML,
    "application/pdf": Parser.PDF,
    "application/x-pdf": Parser.PDF,
    "text/plain": Parser.PLAIN,
    "text/markdown": Parser.PLAIN,
    "text/x-markdown": Parser.PLAIN,
    "text/xml": Parser.PLAIN,
    "text/csv": Parser.PLAIN,
    "text/x-rst": Parser.PLAIN,
    "application/json": Parser.PLAIN,
    "application/xml": Parser.PLAIN,
}
FAMILIES = ("+xml", "+json")
HTML_BEGINNINGS = (b"<!doctype html", b"<html", b"<head", b"<body")
SNIFFED_BYTES = 512


def is_readable(content_type: str) -> bool:
    return parser_of(content_type) is not None


def parser_of(content_type: str) -> Parser | None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind in PARSERS:
        return PARSERS[kind]
    # Pictures are written in XML, too.
    return Parser.PLAIN if kind.endswith(FAMILIES) and not kind.startswith("image/") else None


def guessed(body: bytes) -> str:
    """The content type of a body that came without one."""
    start = body[:SNIFFED_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"%pdf-"):
        return "application/pdf"
    return "text/html" if start.startswith(HTML_BEGINNINGS) else "text/plain"
