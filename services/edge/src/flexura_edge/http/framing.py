"""What a request asks of HTTP itself, whatever its route: version, transfer coding and expectation (RFC 9110, 9112)."""

from collections.abc import Iterable
from typing import NoReturn

from aiohttp import HttpVersion, HttpVersion10, HttpVersion11, web

from flexura_kit.errors import FlexuraError, Kind, Reason

SPOKEN = frozenset({HttpVersion10, HttpVersion11})
CONTINUE = "100-continue"
SHOWN_CHARACTERS = 100


def check_framing(request: web.BaseRequest, version: HttpVersion) -> None:
    """Raises where the request cannot be read as it was meant; `version` is the one that it names."""
    if version not in SPOKEN:
        raise version_unsupported(f"HTTP/{version.major}.{version.minor}")
    headers = request.headers
    if "Transfer-Encoding" in headers:
        check_transfer_coding(headers.getall("Transfer-Encoding"), version, has_length="Content-Length" in headers)
    if "Expect" in headers and version == HttpVersion11:
        check_expectation(headers.getall("Expect"))


def check_transfer_coding(given: Iterable[str], version: HttpVersion, *, has_length: bool) -> None:
    """Takes `chunked` alone: another coding would be read as if it were the content."""
    codings = members(given)
    if version == HttpVersion10:
        # RFC 9112, 6.1: who writes it so may not mean by it what we do.
        refuse_framing("HTTP/1.0 has no `Transfer-Encoding`; send the body with `Content-Length`")
    if not codings:
        refuse_framing("`Transfer-Encoding` is empty; leave it out")
    if has_length:
        refuse_framing("it has both `Content-Length` and `Transfer-Encoding`; send one of them")
    if codings[-1] != "chunked":
        refuse_framing(f"{shown(given)} does not end in `chunked`, so nobody knows where the body ends")
    if codings != ["chunked"]:
        raise FlexuraError(
            Kind.INVALID,
            Reason.NOT_IMPLEMENTED,
            f"the body is sent with `Transfer-Encoding: {shown(given)}`, and only `chunked` is taken; send it as it is",
        )


def check_expectation(given: Iterable[str]) -> None:
    unmet = [member for member in members(given) if member != CONTINUE]
    if unmet:
        raise FlexuraError(
            Kind.INVALID,
            Reason.EXPECTATION_FAILED,
            f"the request has `Expect: {shown(given)}`, and only `{CONTINUE}` can be expected; leave the header out",
            (),
            expect=shown(given),
        )


def expects_invitation(request: web.BaseRequest) -> bool:
    """Tells whether the client waits for a word before it sends the body."""
    return request.version >= HttpVersion11 and CONTINUE in members(request.headers.getall("Expect", []))


def version_unsupported(name: str) -> FlexuraError:
    return FlexuraError(
        Kind.INVALID,
        Reason.HTTP_VERSION_UNSUPPORTED,
        f"the request is of {name}, and this server speaks HTTP/1.1 and HTTP/1.0; send it as HTTP/1.1",
    )


def refuse_framing(why: str) -> NoReturn:
    raise FlexuraError(Kind.INVALID, Reason.BAD_REQUEST, f"this is no HTTP message: {why}")


def members(given: Iterable[str]) -> list[str]:
    """The members of a header that is a list, in small letters; empty ones mean nothing."""
    found = (member.strip(" \t").lower() for member in ",".join(given).split(","))
    return [member for member in found if member]


def shown(given: Iterable[str]) -> str:
    return ", ".join(given)[:SHOWN_CHARACTERS].encode(errors="replace").decode()
