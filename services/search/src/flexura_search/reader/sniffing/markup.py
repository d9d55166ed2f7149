"""Whether text is HTML, XML or neither, by what stands first behind blanks, comments and declarations."""

import codecs
import re
from enum import Enum
from typing import NamedTuple

from flexura_search.reader.sniffing.signatures import is_utf_16

BLANKS = frozenset(" \t\r\n\x0b\x0c\x85\xa0\xad\u1680\u180e\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\ufffd\x00")
BLANKS |= frozenset(map(chr, range(0x2000, 0x2010)))
TAG = re.compile(r"<([A-Za-z][^\s/>\x00]*)")
DOCUMENT = re.compile(r"<(?:!doctype\s+html|html|head|body)(?=[\s/>])", re.IGNORECASE)
ENDS = ("</html>", "</body>")
DOCUMENT_TAGS = frozenset({"html", "head", "body", "frameset"})
XHTML = "http://www.w3.org/1999/xhtml"
HTML_NAMES = (
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote body br "
    "button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em "
    "embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html "
    "i iframe img input ins kbd label legend li link main map mark marquee menu meta meter nav nobr noembed "
    "noframes noscript object ol optgroup option output p param picture plaintext pre progress q rp rt ruby s samp "
    "script search section select slot small source span strike strong style sub summary sup table tbody td "
    "template textarea tfoot th thead time title tr track tt u ul var video wbr xmp"
)
HTML_TAGS = frozenset(HTML_NAMES.split())
BOMS_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
DOCUMENT_WITHIN_CHARACTERS = 1024
MESSAGE_CHARACTERS = 4096
MESSAGE_HEADER = re.compile(r"[A-Za-z][A-Za-z-]*:[ \t]")
MESSAGE_VERSION = re.compile(r"^mime-version:", re.IGNORECASE | re.MULTILINE)
MESSAGE_TYPE = re.compile(r"^content-type:\s*(?:multipart/|message/|text/html)", re.IGNORECASE | re.MULTILINE)


class Markup(Enum):
    NONE = "text"
    DOCUMENT = "a whole document of HTML"
    FRAGMENT = "something that begins with an element of HTML"
    COMMENTED = "text behind a comment"
    FEED = "a feed"
    SVG = "a drawing"
    XML = "another document of XML"


ROOTS = {"rss": Markup.FEED, "feed": Markup.FEED, "rdf": Markup.FEED, "svg": Markup.SVG}


class Prolog(NamedTuple):
    """What stands before the first element."""

    end: int
    doctype: str
    has_comment: bool
    has_xml: bool


def text_of(body: bytes) -> str:
    """The text as far as markup goes: every encoding of the web but UTF-16 writes it in ASCII.

    Characters U+0000 are left out, as in what is read.
    """
    return _text_of(body).replace("\x00", "")


def _text_of(body: bytes) -> str:
    if body.startswith(BOMS_UTF_32):
        return body.decode("utf-32", "replace")
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    if is_utf_16(body[:64]):
        return body.decode("utf-16-be" if body[:1] == b"\x00" else "utf-16-le", "replace")
    return body.decode("utf-8", "replace")


def markup_of(text: str) -> Markup:
    prolog = prolog_of(text)
    tag = TAG.match(text, prolog.end)
    qualified = tag[1].lower() if tag else ""
    name = qualified.rpartition(":")[2]
    if prolog.doctype == "html" or name in DOCUMENT_TAGS or is_enclosed(text):
        return Markup.DOCUMENT
    if name in ROOTS:
        return ROOTS[name]
    if qualified in HTML_TAGS:
        return Markup.FRAGMENT
    if prolog.has_xml:
        return Markup.XML
    return Markup.COMMENTED if prolog.has_comment else Markup.NONE


def prolog_of(text: str) -> Prolog:
    place, doctype, has_comment, has_xml = 0, "", False, False
    while True:
        while place < len(text) and text[place] in BLANKS:
            place += 1
        start = text[place : place + 9].lower()
        if start.startswith("<!--"):
            place, has_comment = end_of_comment(text, place), True
        elif start.startswith("<?"):
            has_xml = has_xml or start.startswith("<?xml")
            place = behind(text, ">", place)
        elif start == "<!doctype":
            doctype = doctype or "".join(text[place + 9 : place + 60].split()[:1]).partition(">")[0].lower()
            place = end_of_doctype(text, place)
        elif start.startswith(("<!", "</")):
            # A browser passes it over, as it does a comment.
            place, has_comment = behind(text, ">", place), True
        else:
            return Prolog(place, doctype, has_comment, has_xml)


def end_of_comment(text: str, start: int) -> int:
    """A comment ends with `-->`, `--!>`, or at once; what is never closed goes to the end."""
    for at_once in ("<!-->", "<!--->"):
        if text.startswith(at_once, start):
            return start + len(at_once)
    ends = [place + len(end) for end in ("-->", "--!>") if (place := text.find(end, start + 4)) >= 0]
    return min(ends, default=len(text))


def end_of_doctype(text: str, start: int) -> int:
    end = text.find(">", start)
    subset = text.find("[", start)
    if 0 <= subset < end:
        # Declarations of its own, each with a `>`, stand in brackets.
        return behind(text, ">", max(subset, text.find("]", subset)))
    return behind(text, ">", start)


def behind(text: str, end: str, start: int) -> int:
    place = text.find(end, start)
    return len(text) if place < 0 else place + len(end)


def has_document(text: str) -> bool:
    """Whether a document of HTML begins near the beginning, whatever stands before it."""
    return DOCUMENT.search(text, 0, DOCUMENT_WITHIN_CHARACTERS) is not None


def is_enclosed(text: str) -> bool:
    """Whether it ends as a document of HTML does: what stands before its beginning is there by mistake."""
    rest = text.rstrip()
    while rest.endswith("-->") and (start := rest.rfind("<!--")) >= 0:
        rest = rest[:start].rstrip()
    return rest[-7:].lower() in ENDS and DOCUMENT.search(rest) is not None


def is_message(text: str) -> bool:
    """Whether it is a page saved as a message (MHTML), or another message with parts."""
    head = text[:MESSAGE_CHARACTERS].lstrip()
    is_headed = MESSAGE_HEADER.match(head) is not None
    return is_headed and MESSAGE_VERSION.search(head) is not None and MESSAGE_TYPE.search(head) is not None
