"""Which addresses a webhook may have, as far as the address itself tells; each connection is judged once more."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, urlsplit

from flexura_kit.egress import Egress
from flexura_kit.hosts import HostRefusedError, ascii_host, refuse_long_host_in

URL_CHARACTERS_MAX = 2000
FOR_EXAMPLE = "such as https://example.com/flexura"
AUTHORITY = re.compile(r"([a-z]+://(?:[^/?#@]*@)?)([^/?#@:\[\]]+)(.*)", re.IGNORECASE)
PARTS = re.compile(r"([a-z]+)://(\[[^\]/?#@]*\]|[^:/?#@\[\]]*)(?::([0-9]*))?(.*)", re.IGNORECASE)
PORT = re.compile(r"[a-z]+://(?:[^/?#]*@)?(?:\[[^\]/?#]*\]|[^:/?#\[\]]*):([^/?#]*)", re.IGNORECASE)
PORT_MAX = 65535
DEFAULT_PORTS = {"http": "80", "https": "443"}
NAMES = {"\t": "a tab", "\n": "a line break", "\r": "a line break"}
SHOWN_CHARACTERS = 20
ASCII = "".join(map(chr, range(128)))
# A name that ends in a number is another way to write an IP address, which no two programs read alike.
NAME = re.compile(r"([a-z0-9_-]+\.)*(?!0x[0-9a-f]*$)[a-z0-9_-]*[a-z_-][a-z0-9_-]*")
NO_NAME = "takes the name of a host, or its IP address as in https://203.0.113.7/ or https://[2001:db8::7]/"


class WebhookAddresses:
    """Takes https everywhere, and http where the operator allows networks of their own: there no stranger listens."""

    def __init__(self, egress: Egress, *, takes_http: bool) -> None:
        self._egress = egress
        self._plain_egress = egress.within_allowed()
        self._takes_http = takes_http

    def fault(self, url: str) -> str | None:
        """Says what is wrong with an address, as the end of a sentence; None where nothing is."""
        url = written_url(url)
        if len(url) > URL_CHARACTERS_MAX:
            return f"takes at most {URL_CHARACTERS_MAX} characters in ASCII, not {len(url)}; shorten it"
        parts = parsed(url)
        if parts is None or not parts.hostname:
            return fault_of_writing(url) or f"takes a whole address {FOR_EXAMPLE}"
        if parts.scheme != "https" and not (parts.scheme == "http" and self._takes_http):
            also = " (or http, in the networks that the operator allows)" if self._takes_http else ""
            given = f"not {parts.scheme}" if parts.scheme else "and this one names no scheme"
            return f"takes an https address, {FOR_EXAMPLE}{also}, {given}"
        if parts.username is not None or parts.password is not None:
            return "takes no user name or password; the signature tells who sends"
        if "#" in url:
            return "takes no fragment; leave out what follows the #"
        return self._fault_of_host(parts.hostname, self._egress if parts.scheme == "https" else self._plain_egress)

    def _fault_of_host(self, host: str, egress: Egress) -> str | None:
        try:
            name = ascii_host(host).removesuffix(".")
        except HostRefusedError as error:
            return f"takes the name of a host, and this one {error}"
        try:
            address = ip_address(name)
        except ValueError:
            # Where a name leads is seen when a connection is made.
            return None if NAME.fullmatch(name) else NO_NAME
        refusal = egress.refusal(address)
        if refusal is None:
            return None
        mend = "; send to it over https" if egress is not self._egress else ""
        return f"is refused: {refusal}{mend}"


def fault_of_writing(url: str) -> str | None:
    """Says what keeps an address from being read; None where no part of it can be named."""
    return fault_of_characters(url) or fault_of_written_host(url) or fault_of_port(url)


def fault_of_characters(url: str) -> str | None:
    if url != url.strip():
        return "begins or ends with a blank or line break; remove it"
    for character in url:
        if character == " ":
            return "holds a blank; write %20 where one belongs to the address"
        if character == "\\":
            return "holds a backslash; write / where one parts the address, and %5C where it belongs to it"
        if not character.isprintable():
            return f"holds {NAMES.get(character, f'the character U+{ord(character):04X}')}; remove it"
    return None


def fault_of_written_host(url: str) -> str | None:
    found = AUTHORITY.fullmatch(url)
    try:
        refuse_long_host_in(url)
        if found is not None and not found[2].isascii():
            ascii_host(found[2])
    except HostRefusedError as error:
        return f"takes the name of a host, and this one {error}"
    return None


def fault_of_port(url: str) -> str | None:
    found = PORT.match(url)
    port = found[1] if found else ""
    if not port or (port.isdecimal() and 1 <= int(port) <= PORT_MAX):
        return None
    shown = port if len(port) <= SHOWN_CHARACTERS else f"{port[:SHOWN_CHARACTERS]}..."
    return f"takes a port from 1 to {PORT_MAX}, not {shown}; leave it out for the usual one"


def canonical_url(url: str) -> str:
    """Equal for addresses that lead to the same (RFC 3986, 6.2): scheme and host in small letters, no usual port.

    It serves to compare alone: path and query are as they were, and messages go to the address as it was given.
    """
    url = written_url(url)
    found = PARTS.fullmatch(url)
    if found is None:
        return url
    scheme, host, port, rest = found[1].lower(), found[2].lower(), (found[3] or "").lstrip("0"), found[4]
    is_usual = port in {"", DEFAULT_PORTS.get(scheme, "")}
    return f"{scheme}://{host}{'' if is_usual else f':{port}'}{rest if rest.startswith('/') else f'/{rest}'}"


def written_url(url: str) -> str:
    """The address as it is sent: what is ASCII to the byte, the rest as browsers encode it, its host by IDNA 2008.

    Answers what it cannot write unchanged: `fault` says what is wrong with it.
    """
    if url.isascii() or len(url) > URL_CHARACTERS_MAX or not url.isprintable():
        return url
    found = AUTHORITY.fullmatch(url)
    try:
        refuse_long_host_in(url)
        if found is None:
            return url
        return found[1] + (found[2] if found[2].isascii() else ascii_host(found[2])) + quote(found[3], safe=ASCII)
    except ValueError:  # HostRefusedError is one.
        return url


def parsed(url: str) -> SplitResult | None:
    # What urlsplit would quietly drop, another reader would not.
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        refuse_long_host_in(url)
        parts = urlsplit(url)
        port = parts.port  # Raises where it is no number.
    except ValueError:
        return None
    return None if port == 0 else parts
