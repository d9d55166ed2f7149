"""Text from bytes whose encoding is declared, guessed or declared wrongly."""

import codecs
import re

import webencodings
from charset_normalizer import from_bytes

from flexura_search.reader.sniffing.signatures import is_utf_16

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # It begins with the mark of UTF-16.
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
META = re.compile(rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([a-zA-Z0-9_:.-]{1,40})""", re.IGNORECASE)
XML = re.compile(rb"""\A\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([a-zA-Z0-9_:.-]{1,40})""")
DECLARED_WITHIN_BYTES = 4096  # Browsers look at 1,024; some pages declare after a long comment.
GUESSED_BY_BYTES = 16_384
# What the web is written in beside UTF-8; a guess among all of the world's encodings is seldom right.
GUESSES = [
    "cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256",
    "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip
FALLBACK = "cp1252"
BROKEN_SHARE = 5  # So many whole characters of UTF-8 outweigh a broken one.
ASCII_END = 0x80


def decoded(body: bytes, charset: str = "") -> str:
    """Reads any bytes; what fits no encoding becomes U+FFFD."""
    for bom, name in BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(name, "replace")
    if is_utf_16(body[:64]):
        return body.decode("utf-16-be" if body[:1] == b"\x00" else "utf-16-le", "replace")
    declared = _codec(charset) or _codec(_declared(body))
    # ISO-2022-JP is all ASCII; other than that, bytes that happen to be UTF-8 are UTF-8, whatever they are said to be.
    if declared is None or not body.isascii():
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            text = body.decode("utf-8", "replace")
            if _is_nearly_right(text):
                return text
    text = body.decode(declared or _guessed(body), "replace")
    return body.decode(_guessed(body), "replace") if declared == "utf-8" and _is_wrong(text) else text


def _declared(body: bytes) -> str:
    start = body[:DECLARED_WITHIN_BYTES]
    found = META.search(start) or XML.match(start)
    return found[1].decode("ascii") if found else ""


def _codec(label: str) -> str | None:
    """The encoding that browsers take for a label; latin-1 is Windows-1252 to them."""
    encoding = webencodings.lookup(label) if label else None
    if encoding is None or encoding.name in {"x-user-defined", "utf-16be", "utf-16le"}:
        return None
    try:
        return codecs.lookup(encoding.codec_info.name).name
    except LookupError:
        # Names that browsers know and nobody can read: "replacement".
        return None


def _is_nearly_right(text: str) -> bool:
    """Whether it is UTF-8 but for a few bytes: letters of other encodings hardly ever form characters of it."""
    broken = text.count("\ufffd")
    others = sum(1 for character in text if character > "\x7f") - broken
    return others >= BROKEN_SHARE * broken


def _is_wrong(text: str) -> bool:
    """Whether so much does not fit UTF-8 that it is something else, rather than UTF-8 with a broken character."""
    others = sum(1 for character in text if character > "\x7f")
    return text.count("\ufffd") * 2 > others


def _guessed(body: bytes) -> str:
    # The part with the first strange bytes says more than the page's beginning, which may be all markup.
    first = next((place for place, byte in enumerate(body) if byte >= ASCII_END), 0)
    sample = body[max(0, first - 1024) : first + GUESSED_BY_BYTES]
    best = from_bytes(sample, cp_isolation=GUESSES, enable_fallback=False).best()
    return best.encoding if best else FALLBACK
