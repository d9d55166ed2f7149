"""Request lines and headers that are refused: how large they may be, and what is wrong with one."""

import re

from aiohttp.http_exceptions import BadHttpMessage, InvalidURLError, LineTooLong

from flexura_edge.http.framing import version_unsupported
from flexura_kit.errors import FlexuraError, Kind, Reason

LINE_BYTES_MAX = 8190
# All programs on localhost share one jar of cookies, and browsers send it as one header.
FIELD_BYTES_MAX = 32 << 10
HEAD_BYTES_MAX = 64 << 10
FIELDS_MAX = 128
NAME_CHARACTERS_MAX = 100
ASCII_MAX = 0x7F
TLS_HANDSHAKE = b"\x16\x03"
HTTP_2 = b"PRI * HTTP/2.0\r\n"
REQUEST_LINE = re.compile(rb"(?:\r?\n)*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}) +([^ \r\n]*) *(HTTP/[0-9]\.[0-9])?")
METHODS = frozenset({b"CONNECT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PUT", b"TRACE"})

# The first whose words stand in what the parser says.
FAULTS = (
    ("Missing 'Host'", "it has no `Host` header"),
    ("Duplicate 'Host'", "the header `Host` stands twice"),
    ("Duplicate Content-Length", "the header `Content-Length` stands twice"),
    ("Empty Content-Length", "`Content-Length` is empty"),
    ("Content-Length overflow", "`Content-Length` is larger than any body"),
    ("can't be present with", "it has both `Content-Length` and `Transfer-Encoding`"),
    ("`Transfer-Encoding`", "its `Transfer-Encoding` does not end in `chunked`, so nobody knows where its body ends"),
    ("in Content-Length", "`Content-Length` is no number of bytes"),
    ("chunk", "its body is sent in chunks, and the size of one is no number"),
    ("Duplicate '", "a header stands twice that may stand once"),
    ("Invalid method", "its method is none that HTTP knows"),
    ("CRLF", "one of its lines does not end in a carriage return and a line feed, or in more than these"),
    ("status line", "its first line is not like `GET /path HTTP/1.1`"),
    ("in url", "its first line is not like `GET /path HTTP/1.1`"),
    ("header", "a header is not like `Name: value`, or holds a line break or control character"),
)

ADVICE_OF_FIELD = {
    "cookie": "clear the cookies of this host, which all programs on it share, or send the request without them",
    "authorization": "send `Bearer ` and the API key, and nothing else",
}


class HeadTooLarge(BadHttpMessage):
    """All headers together are too large."""

    def __init__(self) -> None:
        super().__init__("the head is too large")


def head_end(received: bytes) -> int:
    """Where the body begins; all that has arrived where the headers are not whole."""
    end = received.find(b"\r\n\r\n")
    return len(received) if end < 0 else end + 4


def refusal_of(cause: BaseException | None, received: bytes) -> FlexuraError:
    """Says what is wrong with a head; `received` is what of it has arrived, empty where nobody knows."""
    if isinstance(cause, LineTooLong) and is_line_too_long(received):
        message = f"the request line is longer than {LINE_BYTES_MAX} bytes; send a shorter path or query"
        return FlexuraError(Kind.INVALID, Reason.URI_TOO_LONG, message, (), limit_bytes=str(LINE_BYTES_MAX))
    if isinstance(cause, LineTooLong):
        return too_large(received, f"longer than the {FIELD_BYTES_MAX} bytes that one header may have", FIELD_BYTES_MAX)
    if isinstance(cause, HeadTooLarge):
        of_all = f"the longest of headers that are together larger than {HEAD_BYTES_MAX} bytes"
        return too_large(received, of_all, HEAD_BYTES_MAX)
    if "Too many headers" in str(cause):
        message = f"the request has more than {FIELDS_MAX} headers; send fewer"
        return FlexuraError(Kind.INVALID, Reason.HEADERS_TOO_LARGE, message, (), limit=str(FIELDS_MAX))
    return unsupported(cause, received) or broken(cause, received)


def unsupported(cause: BaseException | None, received: bytes) -> FlexuraError | None:
    """What HTTP knows, and this server does not."""
    if received.startswith(HTTP_2):
        return version_unsupported("HTTP/2")
    line = REQUEST_LINE.match(received)
    if line is None or not line[3]:
        return None
    if "HTTP version" in str(cause):
        return version_unsupported(line[3].decode())
    return unknown_method(line[1]) if "Invalid method" in str(cause) else None


def broken(cause: BaseException | None, received: bytes) -> FlexuraError:
    line = REQUEST_LINE.match(received)
    fault = fault_of_target(line[2]) if line and isinstance(cause, InvalidURLError) else fault_of(str(cause))
    what = f"this is no HTTP message{fault}"
    if received.startswith(TLS_HANDSHAKE):
        what = "this is TLS, and the server speaks plain HTTP here: use an address that begins with http://"
    return FlexuraError(Kind.INVALID, Reason.BAD_REQUEST, f"{what}; send the request with a common HTTP client")


def unknown_method(name: bytes) -> FlexuraError:
    """RFC 9110, 9.1: a method that nobody here knows is not implemented; one that a route does not take is known."""
    mend = f"write it in capitals: {name.upper().decode()}" if name.upper() in METHODS else "use one that a route takes"
    message = f"there is no method {name.decode()}; {mend}, as GET /api/openapi.json lists them"
    return FlexuraError(Kind.INVALID, Reason.NOT_IMPLEMENTED, message)


def fault_of_target(target: bytes) -> str:
    """Says what keeps the target of a request from being read."""
    beyond = next((byte for byte in target if byte > ASCII_MAX), None)
    if beyond is not None:
        return f": its path or query holds the byte 0x{beyond:02X}; escape it, as %{beyond:02X}"
    shown = target[:NAME_CHARACTERS_MAX].decode("ascii", errors="replace")
    return f": its first line has {shown or 'nothing'} where a path stands, such as /api/jobs, or a whole address"


def fault_of(cause: str) -> str:
    """Names the fault in our words, where the parser's tell it; empty where they do not."""
    return next((f": {fault}" for words, fault in FAULTS if words in cause), "")


def is_line_too_long(received: bytes) -> bool:
    line = received.partition(b"\r\n")[0]
    return len(line) > LINE_BYTES_MAX


def too_large(received: bytes, how: str, limit_bytes: int) -> FlexuraError:
    name = longest_field(received, limit_bytes if limit_bytes == FIELD_BYTES_MAX else 0)
    which = f"the header `{name}` is" if name else "a header or trailer is"
    mend = ADVICE_OF_FIELD.get(name.lower(), "send a shorter one, or leave it out")
    return FlexuraError(
        Kind.INVALID,
        Reason.HEADERS_TOO_LARGE,
        f"{which} {how}; {mend}",
        (),
        header=name,
        limit_bytes=str(limit_bytes),
    )


def longest_field(received: bytes, least_bytes: int) -> str:
    """The name of the longest header; empty where none has a name, and where a trailer is meant."""
    lines = received[: head_end(received)].split(b"\r\n")[1:]
    longest = max(lines, key=len, default=b"")
    if len(longest) <= least_bytes:
        return ""
    name, colon, _ = longest.partition(b":")
    shown = name[:NAME_CHARACTERS_MAX].decode("ascii", errors="replace").strip()
    return shown if colon or shown else ""
