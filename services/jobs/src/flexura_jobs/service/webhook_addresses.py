"""Which addresses a webhook may have, as far as the address itself tells; each connection is judged once more."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from flexura_kit.egress import Egress

URL_CHARACTERS_MAX = 2000
FOR_EXAMPLE = "such as https://example.com/flexura"


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
        try:
            address = ip_address(host)
        except ValueError:
            return None  # A name: where it leads is seen when a connection is made.
        refusal = self._egress.refusal(address)
        return None if refusal is None else f"is refused: {refusal}"


def parsed(url: str) -> SplitResult | None:
    # What urlsplit would quietly drop, another reader would not.
    if not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # Raises where it is no number.
    except ValueError:
        return None
    return parts
