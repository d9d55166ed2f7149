"""Addresses of the web as the URL standard reads and writes them: what is escaped stays so, the rest is encoded."""

import re
from typing import NamedTuple
from urllib.parse import unquote

from flexura_kit.hosts import ascii_host, refuse_long

DEFAULT_PORTS = {"http": 80, "https": 443}
PORT_MAX = 65_535
STRIPPED = str.maketrans("", "", "\t\r\n")
BLANKS = "".join(map(chr, range(0x21)))
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
SLASHES = re.compile(r"[/\\]*")
SLASH = re.compile(r"[/\\]")
AUTHORITY_END = re.compile(r"[/\\?#]")
# What stands before a page where no scheme does: a name with a dot in it.
SCHEMELESS = re.compile(r"[^\s/\\?#:@\[\].]+(?:\.[^\s/\\?#:@\[\].]+)+\.?(?::[0-9]*)?(?:[/\\?#]|\Z)")
# The sets of characters that the standard has encoded in each part; all beyond ASCII is in each of them.
IN_FRAGMENT = re.compile(r"[^!#-;=?-_a-z{-}~]")
IN_QUERY = re.compile(r"[^!$-&(-;=?-~]")
IN_PATH = re.compile(r"[^!$-;=@-\]_a-z|~]")
DOT = frozenset({".", "%2e"})
DOTS = frozenset({"..", ".%2e", "%2e.", "%2e%2e"})


class Address(NamedTuple):
    """An address of http or https, as a browser would ask for it."""

    scheme: str
    host: str
    """In ASCII and small letters; an IPv6 address without brackets."""
    port: int | None
    """None where it is the usual one."""
    path: str
    query: str | None = None
    fragment: str | None = None
    has_user: bool = False
    """Whether a name or a password stood in it; neither is kept."""

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port is not None else "")

    @property
    def target(self) -> str:
        """What is asked of the host."""
        return self.path + (f"?{self.query}" if self.query is not None else "")

    def __str__(self) -> str:
        return self.origin + self.target + (f"#{self.fragment}" if self.fragment is not None else "")


def exact(text: str, base: Address | None = None) -> str:
    """The address as a browser would write it; empty where it is none of the web."""
    try:
        return str(parsed(text, base))
    except ValueError:
        return ""


def with_scheme(text: str) -> str:
    """The address with `https://` before it where it begins with a name: so do browsers."""
    text = text.strip(BLANKS)
    return f"https://{text}" if SCHEMELESS.match(text) else text


def parsed(text: str, base: Address | None = None) -> Address:
    """Reads an address, or a reference to be read beside a base; raises ValueError where it is none of the web."""
    text = text.strip(BLANKS).translate(STRIPPED)
    found = SCHEME.match(text)
    scheme = found[1].lower() if found else base.scheme if base else ""
    if scheme not in DEFAULT_PORTS:
        raise ValueError("it is no address of http or https")
    rest = text[found.end() :] if found else text
    slashes = SLASHES.match(rest)
    count = slashes.end() if slashes else 0
    if base is None or (found and scheme != base.scheme) or count > 1:
        return _of_authority(scheme, rest[count:])
    return _of_reference(rest, base)


def _of_authority(scheme: str, text: str) -> Address:
    end = AUTHORITY_END.search(text)
    authority, rest = (text[: end.start()], text[end.start() :]) if end else (text, "")
    host, port = _host_and_port(authority.rpartition("@")[2])
    path, query, fragment = _split(rest)
    own_port = None if port == DEFAULT_PORTS[scheme] else port
    return Address(scheme, host, own_port, _path(path), query, fragment, "@" in authority)


def _of_reference(text: str, base: Address) -> Address:
    path, query, fragment = _split(text)
    if not path:
        return base._replace(query=base.query if query is None else query, fragment=fragment)
    if not SLASH.match(path):
        path = base.path.rpartition("/")[0] + "/" + path
    return base._replace(path=_path(path), query=query, fragment=fragment)


def _host_and_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket or ":" not in host or (port and not port.startswith(":")):
            raise ValueError("its host cannot be read")
        port = port[1:]
    else:
        host, _, port = text.partition(":")
        refuse_long(host)
        host = unquote(host, errors="strict")
    if port and not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= PORT_MAX):  # noqa: PLR2004
        raise ValueError("its port is none")
    host = ascii_host(host)
    if not host.strip("."):
        raise ValueError("it names no host")
    return host, int(port) if port else None


def _split(text: str) -> tuple[str, str | None, str | None]:
    """Path, query and fragment, the latter two encoded; None where there is none."""
    text, hash_sign, fragment = text.partition("#")
    path, mark, query = text.partition("?")
    return (
        path,
        _encoded(query, IN_QUERY) if mark else None,
        _encoded(fragment, IN_FRAGMENT) if hash_sign else None,
    )


def _path(text: str) -> str:
    """The path without `.` and `..`."""
    segments: list[str] = []
    given = SLASH.split(text[1:] if SLASH.match(text) else text)
    for number, segment in enumerate(given):
        is_last = number == len(given) - 1
        lowered = segment.lower() if len(segment) <= 6 else ""  # noqa: PLR2004 - the longest is `%2e%2e`.
        if lowered in DOTS:
            del segments[-1:]
        elif lowered not in DOT:
            segments.append(_encoded(segment, IN_PATH))
        if is_last and (lowered in DOTS or lowered in DOT):
            segments.append("")
    return "/" + "/".join(segments)


def _encoded(text: str, characters: re.Pattern[str]) -> str:
    return characters.sub(lambda found: "".join(f"%{byte:02X}" for byte in _bytes(found[0])), text)


def _bytes(character: str) -> bytes:
    # Halves of surrogate pairs are no characters.
    return character.encode("utf-8", "replace") if not "\ud800" <= character <= "\udfff" else b"\xef\xbf\xbd"
