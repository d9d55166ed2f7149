"""Reading a JSON body strictly: what two readers could understand differently is refused."""

import asyncio
import codecs
import json
from typing import Any, NoReturn

from aiohttp import web

from flexura_edge.http.framing import expects_invitation
from flexura_edge.http.media_types import is_json
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.values import number_of

BODY_BYTES_MAX = 256 << 10
BODY_TIMEOUT_S = 10.0
DEPTH_MAX = 32
TOO_DEEP = f"the body is nested too deep; at most {DEPTH_MAX} levels are taken"
SHOWN_CHARACTERS = 100


async def read_json(request: web.BaseRequest) -> dict[str, Any]:
    """Answers the object that the body holds."""
    refuse_by_headers(request)
    await invite(request)
    return parse(await read_bytes(request))


def refuse_encoding(request: web.BaseRequest) -> None:
    encoding = ", ".join(request.headers.getall("Content-Encoding", []))
    if set(encoding.lower().replace(",", " ").split()) - {"identity"}:
        raise FlexuraError(
            Kind.INVALID,
            Reason.UNSUPPORTED_ENCODING,
            f"the body is sent as {encoding[:SHOWN_CHARACTERS]}; send it uncompressed",
            content_encoding=encoding[:SHOWN_CHARACTERS],
        )


def refuse_by_headers(request: web.BaseRequest) -> None:
    refuse_encoding(request)
    types = request.headers.getall("Content-Type", [""])
    given = ", ".join(types)
    if not all(map(is_json, types)):
        raise FlexuraError(
            Kind.INVALID,
            Reason.UNSUPPORTED_MEDIA_TYPE,
            f"the body is sent as {given[:SHOWN_CHARACTERS] or 'nothing in particular'};"
            " send JSON in UTF-8 with the header `Content-Type: application/json`",
            content_type=given[:SHOWN_CHARACTERS],
        )
    if (request.content_length or 0) > BODY_BYTES_MAX:
        refuse_size(BODY_BYTES_MAX)


async def invite(request: web.BaseRequest) -> None:
    """Tells a client that asks first, as curl does with large bodies, that it may send the body."""
    if expects_invitation(request):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # The answer itself has not begun.


async def read_bytes(request: web.BaseRequest, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """Counts while it reads: a chunked body does not say how long it is."""
    chunks = []
    size_bytes = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                chunks.append(chunk)
                size_bytes += len(chunk)
                if size_bytes > bytes_max:
                    refuse_size(bytes_max)
    except TimeoutError as error:
        raise FlexuraError(
            Kind.INVALID,
            Reason.BODY_TIMEOUT,
            f"the body did not arrive whole within {BODY_TIMEOUT_S:.0f} seconds",
            limit_s=f"{BODY_TIMEOUT_S:.0f}",
        ) from error
    except web.RequestPayloadError as error:
        raise FlexuraError(
            Kind.INVALID, Reason.BAD_REQUEST, "the body is not framed as its headers say; send it again"
        ) from error
    return b"".join(chunks)


def parse(body: bytes, meant: str = 'a JSON object, such as {"prompt": "a red fox"}') -> dict[str, Any]:
    body = body.removeprefix(codecs.BOM_UTF8)  # RFC 8259, 8.1: a parser may pass over it.
    if not body.strip():
        refuse_json("the body is empty; send a JSON object")
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in body[:2]:
        refuse_json("the body is written in UTF-16 or UTF-32; send it in UTF-8")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse_json(f"the body is not UTF-8: byte {error.start} does not fit", cause=error)
    try:
        value = json.loads(
            text, object_pairs_hook=object_of, parse_constant=refuse_constant, parse_float=finite, parse_int=integer
        )
    except json.JSONDecodeError as error:
        refuse_json(
            f"the body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            cause=error,
            line=str(error.lineno),
            column=str(error.colno),
        )
    except RecursionError as error:
        refuse_json(TOO_DEEP, cause=error)
    if is_deeper(value, DEPTH_MAX):
        refuse_json(TOO_DEEP)
    if not isinstance(value, dict):
        refuse_json(f"the body must be {meant}")
    return value


def is_deeper(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(is_deeper(inner, levels - 1) for inner in value)


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            refuse_json(f"the field {shown(name)} stands twice in one object; write it once")
        values[name] = value
    return values


def refuse_constant(name: str) -> NoReturn:
    refuse_json(f"{name} is no JSON number; write a finite number")


def finite(text: str) -> int | float:
    """A whole number, however it is written, is an integer: models write 5.0 and 1e3."""
    number = number_of(text)
    if number is None:
        refuse_json(f"{shown(text)} is too large for a number; write a finite one")
    return number


def integer(text: str) -> int:
    if len(text) > len(str(-(2**63))):
        refuse_json(f"{shown(text)} has too many digits for an integer")
    return int(text)


def refuse_size(bytes_max: int) -> NoReturn:
    raise FlexuraError(
        Kind.INVALID,
        Reason.BODY_TOO_LARGE,
        f"the body is larger than {bytes_max} bytes; shorten it",
        limit_bytes=str(bytes_max),
    )


def refuse_json(message: str, cause: Exception | None = None, **metadata: str) -> NoReturn:
    raise FlexuraError(Kind.INVALID, Reason.MALFORMED_JSON, message, (), **metadata) from cause


def shown(text: str) -> str:
    """What the caller wrote, short enough to repeat, and safe to encode."""
    return json.dumps(text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "...")
