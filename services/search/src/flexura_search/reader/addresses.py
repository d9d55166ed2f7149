"""Addresses that may be asked for, judged by how they are written; the guard of sockets judges where they lead."""

import re
from collections.abc import Collection
from ipaddress import ip_address

from yarl import URL

from flexura_kit.hosts import HostRefusedError
from flexura_search.domain.addresses import DEFAULT_PORTS, parsed
from flexura_search.reader.failures import address_refused

PORTS = frozenset({80, 443, 8080, 8443})
URL_CHARACTERS_MAX = 4096
OF_THE_WEB = re.compile(r"[\x00-\x20]*https?:", re.IGNORECASE)
NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\Z", re.IGNORECASE)


def checked(address: str, ports: Collection[int]) -> URL:
    """Reads an address without its fragment, as a browser would; raises FlexuraError where it may not be asked for."""
    if len(address) > URL_CHARACTERS_MAX:
        raise address_refused(address[:200], f"it is longer than {URL_CHARACTERS_MAX:,} characters")
    if not OF_THE_WEB.match(address):
        raise address_refused(address, "it must begin with http:// or https://")
    try:
        url = parsed(address)
    except HostRefusedError as error:
        raise address_refused(address, f"its host {error}") from error
    except ValueError as error:
        raise address_refused(address, "it cannot be understood; write it like https://example.com/page") from error
    if url.has_user:
        raise address_refused(address, "it holds a name or a password; leave them out")
    if (url.port if url.port is not None else DEFAULT_PORTS[url.scheme]) not in ports:
        raise address_refused(address, f"its port is none of those that are read ({_listed(ports)})")
    if _is_disguised(url.host):
        raise address_refused(address, "its host is no name of the internet; use the name that the page has there")
    # As it is: the library would take escapes back that a signature was made over, and drop an empty query.
    if url.query == "":
        parts = URL(url.origin)
        return URL.build(scheme=url.scheme, authority=parts.raw_authority, path=url.target, encoded=True)
    return URL(url.origin + url.target, encoded=True)


def host_header(url: URL) -> dict[str, str]:
    """The host as it stands in the address: the library would leave its last dot out, and browsers do not."""
    host = url.raw_host or ""
    if not host.endswith("."):
        return {}
    return {"Host": host if url.is_default_port() else f"{host}:{url.port}"}


def without_empty_query(url: URL) -> URL:
    """What cookies are kept for: their paths end before a query."""
    return URL(str(url)[:-1], encoded=True) if url.raw_path.endswith("?") else url


def _is_disguised(host: str) -> bool:
    """Whether it names this machine, or is taken for an IPv4 address and not written as one: 127.1, 2130706433."""
    try:
        ip_address(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2].lower()
        return last == "localhost" or "%" in host or NUMBER.match(last) is not None
    return False


def _listed(ports: Collection[int]) -> str:
    return ", ".join(map(str, sorted(ports)[:8]))
