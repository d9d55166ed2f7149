"""Names of hosts: bounded before anything parses them, and written as name servers know them (IDNA 2008)."""

import re
import unicodedata
from ipaddress import ip_address

import idna

HOST_CHARACTERS_MAX = 253
LABEL_CHARACTERS_MAX = 63

DOTS = re.compile("[.\u3002\uff0e\uff61]")  # All of them separate labels (UTS 46).
# What the URL standard forbids in a domain: it would end the host, or begin something else.
FORBIDDEN = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f]")
STRIPPED = str.maketrans("", "", "\t\r\n")  # Parsers drop them wherever they stand.
BLANKS = "".join(map(chr, range(0x21)))  # Parsers drop them at both ends.
AUTHORITY = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?[/\\]{2,}([^/\\?#]*)", re.IGNORECASE)


class HostRefusedError(ValueError):
    """The host cannot be asked for; the text says why, as the end of a sentence that begins with the host."""


def ascii_host(host: str) -> str:
    """The name in lower case and ASCII, with its last dot where it has one; an IP address comes without brackets.

    Non-ASCII names are mapped as browsers do (UTS 46, not transitional), so that `ß` stays another letter than `ss`.
    Takes time in proportion to 253 characters at most. Raises HostRefusedError.
    """
    refuse_long(host)
    if ":" in host:
        return _ipv6(host)
    name = _mapped(host).lower()
    if FORBIDDEN.search(name):
        raise HostRefusedError("holds a character that no name of a host has")
    labels = name.split(".")
    if labels[-1] == "":
        labels.pop()
    if not all(labels):
        raise HostRefusedError("has an empty part; between two dots stands a name")
    name = ".".join(map(_ascii_label, labels))
    refuse_long(name)
    return f"{name}." if host and DOTS.match(host[-1]) else name


def refuse_long(host: str) -> None:
    """Raises HostRefusedError where no name server could know the name: nothing else may read it then."""
    name = host[:-1] if host and DOTS.match(host[-1]) else host
    if len(name) > HOST_CHARACTERS_MAX:
        raise HostRefusedError(f"is longer than {HOST_CHARACTERS_MAX} characters")
    if any(len(label) > LABEL_CHARACTERS_MAX for label in DOTS.split(name)):
        raise HostRefusedError(f"has a part of more than {LABEL_CHARACTERS_MAX} characters between its dots")


def refuse_long_host_in(url: str) -> None:
    """Looks at an address or a reference before it is parsed; raises HostRefusedError where its host is too long."""
    found = AUTHORITY.match(url.translate(STRIPPED).lstrip(BLANKS))
    if found is None:
        return
    host = found[1].rpartition("@")[2].strip(BLANKS)
    if not host.startswith("["):
        host = host.partition(":")[0]
    refuse_long(host)


def _ipv6(host: str) -> str:
    if "%" in host:
        raise HostRefusedError("names an interface of this machine after `%`; leave that out")
    try:
        ip_address(host)
    except ValueError as error:
        raise HostRefusedError("is neither a name nor an IP address") from error
    return host.lower()


def _mapped(host: str) -> str:
    if host.isascii():
        return host
    try:
        return idna.uts46_remap(host, std3_rules=False)
    except idna.IDNAError as error:
        raise HostRefusedError("holds a character that no name of a host has") from error


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label  # Name servers know it so, whatever it may stand for.
    if unicodedata.category(label[0]).startswith("M"):
        raise HostRefusedError("has a part that begins with a combining character")
    try:
        for position, character in enumerate(label):
            if character in "\u200c\u200d" and not idna.valid_contextj(label, position):
                raise HostRefusedError("holds a joiner where none may stand")
        idna.check_bidi(label)
        return f"xn--{label.encode('punycode').decode()}"
    except ValueError as error:  # Those of idna are, too.
        raise HostRefusedError("is no name that can be registered (IDNA 2008)") from error
