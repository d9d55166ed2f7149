"""The kinds of content that hold text, and how each is read: the label proposes, the bytes decide."""

from enum import StrEnum

from flexura_search.reader.sniffing.markup import XHTML, Markup, has_document, is_message, markup_of, text_of
from flexura_search.reader.sniffing.signatures import (
    SNIFFED_BYTES,
    binary_type,
    binary_type_of_page,
    is_pdf,
    is_utf_16,
    textual_type,
)


class Parser(StrEnum):
    HTML = "html"
    XHTML = "xhtml"
    PDF = "pdf"
    PLAIN = "plain"


HTML_TYPE, XHTML_TYPE, PDF_TYPE, PLAIN_TYPE = "text/html", "application/xhtml+xml", "application/pdf", "text/plain"
SVG_TYPE, XML_TYPE, MESSAGE_TYPE = "image/svg+xml", "text/xml", "multipart/related"
MARKUP_TYPES = frozenset({HTML_TYPE, XHTML_TYPE})
PARSERS = {
    HTML_TYPE: Parser.HTML,
    XHTML_TYPE: Parser.XHTML,
    PDF_TYPE: Parser.PDF,
    "application/x-pdf": Parser.PDF,
}
# Text under other names than `text/`.
TEXTUAL_NAMES = (
    "ecmascript graphql javascript json json5 jsonl jsonlines ndjson sql toml typescript vnd.yaml x-ecmascript "
    "x-httpd-php x-javascript x-json x-jsonlines x-latex x-ndjson x-perl x-python x-ruby x-sh x-shellscript x-sql "
    "x-subrip x-tex x-toml x-typescript x-yaml xml xml-dtd yaml"
)
TEXTUAL = frozenset(f"application/{name}" for name in TEXTUAL_NAMES.split())
FAMILIES = ("+xml", "+json", "+yaml", "+toml")
# Labels that say no more than "bytes", or "save this".
BYTES_NAMES = (
    "unknown/unknown application/unknown application/octet-stream application/octetstream application/x-octet-stream "
    "binary/octet-stream application/binary application/download application/x-download application/force-download "
    "application/x-force-download application/x-unknown application/x-unknown-content-type application/save "
    "application/x-save content/unknown"
)
SAYING_NOTHING = frozenset({"", "*/*", *BYTES_NAMES.split()})


def is_readable(essence: str) -> bool:
    """Whether the body has to be looked at: a label that says nothing may stand for anything."""
    return essence in SAYING_NOTHING or parser_of(essence) is not None


def is_hopeless(essence: str, head: bytes) -> bool:
    """Tells by the first bytes that the rest need not be fetched."""
    return essence not in PARSERS and parser_of(kind_of(head[:SNIFFED_BYTES], essence)) is None


def parser_of(essence: str) -> Parser | None:
    if essence in PARSERS:
        return PARSERS[essence]
    # Pictures are written in XML, too.
    is_text = essence.startswith("text/") or (essence.endswith(FAMILIES) and not essence.startswith("image/"))
    return Parser.PLAIN if is_text or essence in TEXTUAL else None


def kind_of(body: bytes, essence: str) -> str:
    """What the body is. A document of HTML is one whatever it is called: what it hides must not come out as text."""
    if is_pdf(body):
        return PDF_TYPE
    if binary := _binary(body, essence):
        return essence if parser_of(essence) is Parser.PDF else binary
    text = text_of(body)
    markup = markup_of(text)
    if essence == HTML_TYPE:
        return XML_TYPE if markup is Markup.FEED else essence
    if _is_xml(text, markup, essence):
        return _kind_of_xml(text, markup, essence if _is_xml_type(essence) else XML_TYPE)
    if markup is Markup.SVG:
        return SVG_TYPE
    return HTML_TYPE if _is_html(text, markup, essence) else _kind_of_text(text, essence)


def _is_xml(text: str, markup: Markup, essence: str) -> bool:
    if _is_xml_type(essence):
        return True
    is_declared = text[:100].lstrip(" \t\r\n\x0c\ufeff").startswith("<?xml")
    if not is_declared or markup is Markup.FRAGMENT:
        return False
    return essence in SAYING_NOTHING or essence == PLAIN_TYPE or markup is Markup.DOCUMENT


def _kind_of_xml(text: str, markup: Markup, essence: str) -> str:
    if markup is Markup.SVG:
        return SVG_TYPE
    # Browsers show elements of HTML as such in any document of XML.
    return XHTML_TYPE if markup is Markup.DOCUMENT or XHTML in text else essence


def _is_html(text: str, markup: Markup, essence: str) -> bool:
    if markup is Markup.DOCUMENT:
        return True
    if markup is Markup.FRAGMENT:
        # Markdown may begin with an element, and be Markdown from there on.
        return "markdown" not in essence
    return essence in SAYING_NOTHING and (markup is Markup.COMMENTED or has_document(text))


def _kind_of_text(text: str, essence: str) -> str:
    if essence not in SAYING_NOTHING and essence != PLAIN_TYPE:
        return essence
    return MESSAGE_TYPE if is_message(text) else PLAIN_TYPE


def _is_xml_type(essence: str) -> bool:
    return essence.endswith(("/xml", "+xml"))


def _binary(body: bytes, essence: str) -> str:
    """The type of what is no text; what is called text may hold a stray control character."""
    if essence in MARKUP_TYPES:
        return binary_type_of_page(body)
    if essence in SAYING_NOTHING or (b"\x00" in body[:SNIFFED_BYTES] and not is_utf_16(body)):
        return binary_type(body)
    return textual_type(body) if parser_of(essence) is Parser.PLAIN else ""
