"""Where connections to addresses that strangers name may go: judged for each one, at the moment it is opened."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from flexura_kit.redaction import redacted

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Global by the standard library's word, and yet no place of the internet that a stranger may name: multicast, and
# tunnels whose addresses hide another one.
NEVER = tuple(
    map(
        ip_network,
        (
            "224.0.0.0/4",
            "240.0.0.0/4",
            "192.88.99.0/24",  # 6to4 relays.
            "::/96",  # IPv4-compatible, long deprecated; holds ::1 and :: too.
            "64:ff9b:1::/48",  # NAT64 of a site's own choosing.
            "2001::/32",  # Teredo.
            "2002::/16",  # 6to4.
            "fec0::/10",  # Site-local, deprecated and still routed by some.
            "ff00::/8",
        ),
    )
)
NAT64 = IPv6Network("64:ff9b::/96")
IPV4_BITS = (1 << 32) - 1


class EgressRefusedError(OSError):
    """The connection may not go there; the text says why and never where."""


class Egress:
    """The public internet and what the operator allows beside it, or only that.

    Meant as `socket_factory` of a client: there it sees the final address of every connection, whatever the URL, a
    name server or a redirect said before.
    """

    def __init__(self, allowed: Sequence[Network] = (), *, only_allowed: bool = False) -> None:
        self._allowed = tuple(allowed)
        self._only_allowed = only_allowed

    def within_allowed(self) -> "Egress":
        """What the operator allows alone, without the public internet."""
        return Egress(self._allowed, only_allowed=True)

    def refusal(self, address: Address) -> str | None:
        """Says why no connection may go there; None where it may."""
        address = plain(address)
        if any(address in network for network in self._allowed):
            return None
        if self._only_allowed:
            return "the address is not among those that the operator allows"
        if not is_public(address):
            return "the address is not on the public internet"
        return None

    def open_socket(self, address_info: tuple[Any, ...]) -> socket.socket:
        """Opens a socket for an entry of `getaddrinfo`; raises EgressRefusedError."""
        family, kind, protocol, _, sockaddr = address_info
        refusal = self._refusal_of(family, sockaddr)
        if refusal is not None:
            raise EgressRefusedError(refusal)
        return socket.socket(family, kind, protocol)

    def _refusal_of(self, family: int, sockaddr: Any) -> str | None:
        if family not in {socket.AF_INET, socket.AF_INET6}:
            return "the address is not one of the internet"
        try:
            return self.refusal(ip_address(sockaddr[0]))
        except ValueError:
            return "the address cannot be read"


def networks(text: str) -> tuple[Network, ...]:
    """Reads `10.0.0.0/8,fd00::/8`; raises ValueError where a part is no network."""
    return tuple(network(part.strip()) for part in text.split(",") if part.strip())


def network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{redacted(text)} is no network; write it as 10.1.0.0/16 or fd00::/8") from None
    raise ValueError(f"{text} is an address in a network; write the network, {meant}")


def plain(address: Address) -> Address:
    """The address that is meant: IPv4 out of its mapped form, and IPv6 without a zone."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address in NAT64:
        # A network without IPv4 reaches all of it so; what is behind counts.
        return is_public(IPv4Address(int(address) & IPV4_BITS))
    return address.is_global and not any(address in network for network in NEVER)
