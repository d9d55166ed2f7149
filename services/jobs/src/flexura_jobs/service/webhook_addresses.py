"""Which addresses a webhook may have, as far as the address itself tells; each connection is judged once more."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from flexura_kit.egress import Egress

URL_CHARACTERS_MAX = 2000
FOR_EXAMPLE = "such as https://example.com/flexura"
# A name that ends in a number is another way to write an IP address, which no two programs read alike.
NAME = re.compile(r"([a-z0-9_-]+\.)*(?!0x[0-9a-f]*$)[a-z0-9_-]*[a-z_-][a-z0-9_-]*")
NO_NAME = "takes the name of a host, or its IP address as in https://203.0.113.7/ or https://[2001:db8::7]/"


class WebhookAddresses:
    """Takes https everywhere, and http where the operator allows networks of their own: there no stranger listens."""

    def __init__(self, egress: Egress, *, takes_http: bool) -> None:
        self._egress = egress
        self._takes_http = takes_http

    def fault(self, url: str) -> str | None:
        """Says what is wrong with an address, as the end of a sentence; None where nothing is."""
        if len(url) > URL_CHARACTERS_MAX:
            return f"takes at most {URL_CHARACTERS_MAX} characters, not {len(url)}"
        parts = parsed(url)
        if parts is None or not parts.hostname:
            return f"takes a whole address {FOR_EXAMPLE}"
        if parts.scheme != "https" and not (parts.scheme == "http" and self._takes_http):
            return f"takes an https address, {FOR_EXAMPLE}"
        if parts.username is not None or parts.password is not None:
            return "takes no user name or password; the signature tells who sends"
        if parts.fragment:
            return "takes no fragment; leave out what follows the #"
        return self._fault_of_host(parts.hostname)

    def _fault_of_host(self, host: str) -> str | None:
        name = plain_name(host)
        try:
            address = ip_address(name)
        except ValueError:
            # Where a name leads is seen when a connection is made.
            return None if NAME.fullmatch(name) else NO_NAME
        refusal = self._egress.refusal(address)
        return None if refusal is None else f"is refused: {refusal}"


def plain_name(host: str) -> str:
    """The host as it is looked up, whatever alphabet or width of digits it was written in."""
    try:
        return host.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        return ""


def parsed(url: str) -> SplitResult | None:
    # What urlsplit would quietly drop, another reader would not.
    if not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port  # Raises where it is no number.
    except ValueError:
        return None
    return None if port == 0 else parts
