"""Addresses: how the same page is known again, and which domain it belongs to."""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

URL_CHARACTERS_MAX = 1000  # A longer one costs an answer more tokens than it is worth.
DEFAULT_PORTS = {"http": 80, "https": 443}
TRACKING = re.compile(
    r"utm_.+|_?ga|_gl|gclid|gclsrc|gbraid|wbraid|dclid|fbclid|msclkid|yclid|twclid|ttclid|li_fat_id|igshid|igsh"
    r"|mc_[ce]id|_hs(enc|mi)|hsctatracking|mkt_tok|vero_(conv|id)|oly_(anon|enc)_id|rb_clickid|s_cid|ncid|cmpid"
    r"|wt_mc|at_(medium|campaign|custom\d)|ref_(src|url)|__twitter_impression"
)
MOBILE_LABELS = frozenset({"m", "mobile", "amp"})
# Under many countries a domain has three labels: amp.com.au is a bank.
SECOND_LEVELS = frozenset({"ac", "co", "com", "edu", "gob", "gov", "gouv", "ltd", "ne", "net", "nom", "or", "org"})
COUNTRY_LETTERS = 2
AMP_CACHE = re.compile(r"/(?:[acvirs]/)+(?P<rest>[^/]+\.[^/]+/.*)")
AMP_VIEWER = re.compile(r"/amp/(?:s/)?(?P<rest>[^/]+\.[^/]+/.*)")
# Behind two names or more: /dictionary/amp is a page about the word.
AMP_FOLDER = re.compile(r"(?P<page>/[^/]+/.*[^/])/amp/?")
OTHER_SHAPES = frozenset({"amp", "outputtype", "scm", "spm"})  # Name the shape of the same page, or who links to it.


@lru_cache(maxsize=4096)
def canonical(url: str) -> str:
    """The address of the page itself: without tracking, mobile and AMP detours, fragment and default port.

    Empty where it is no address of the web.
    """
    parts = split(url)
    if parts is None:
        return ""
    parts = out_of_amp_cache(parts)
    host = without_mobile_label(host_of_parts(parts))
    port = port_of(parts)
    address = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS[parts.scheme]:
        address += f":{port}"
    path = parts.path or "/"
    query = "&".join(pair for pair in parts.query.split("&") if pair.strip() and not is_tracking(pair))
    return f"{parts.scheme}://{address}{path}{'?' if query else ''}{query}".rstrip()


@lru_cache(maxsize=4096)
def same_page(url: str) -> str:
    """What all addresses of a page have in common: not the scheme, `www.`, a last slash or the order of a query."""
    parts = urlsplit(canonical(url))
    parts = parts._replace(path=without_amp(parts.path))
    host = parts.netloc.removeprefix("www.")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode(sorted(pair for pair in pairs if pair[0].lower() not in OTHER_SHAPES))
    path = unquote(parts.path).rstrip("/")
    path = path.removesuffix("/index.html").removesuffix("/index.php")
    return f"{host}{path}?{query}"


def host_of(url: str) -> str:
    """The host's name in lower case, as ASCII; empty where there is none."""
    parts = split(url)
    return "" if parts is None else host_of_parts(parts)


def is_within(host: str, domain: str) -> bool:
    """Tells whether the host is the domain itself or below it."""
    return host == domain or host.endswith(f".{domain}")


def split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.partition("#")[0].strip())
        usable = parts.scheme in DEFAULT_PORTS and (parts.hostname or "").strip(".") and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def host_of_parts(parts: SplitResult) -> str:
    return as_ascii((parts.hostname or "").rstrip("."))


def as_ascii(host: str) -> str:
    """The name as name servers know it; as it is where it is none."""
    try:
        return host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        return host


def port_of(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None


def out_of_amp_cache(parts: SplitResult) -> SplitResult:
    """The publisher's own address, where a cache or a viewer of AMP pages shows it."""
    host = host_of_parts(parts)
    found = None
    if is_within(host, "cdn.ampproject.org"):
        found = AMP_CACHE.fullmatch(parts.path)
    elif host.startswith("www.google."):
        found = AMP_VIEWER.fullmatch(parts.path)
    return (split(f"https://{found['rest']}") if found else None) or parts


def without_amp(path: str) -> str:
    found = AMP_FOLDER.fullmatch(path)
    return found["page"] if found else path.replace(".amp.html", ".html")


def without_mobile_label(host: str) -> str:
    """`m.example.org` and `en.m.example.org` are the same site for small screens."""
    labels = host.split(".")
    own = own_labels(labels)
    return ".".join([*(label for label in labels[:-own] if label not in MOBILE_LABELS), *labels[-own:]])


def own_labels(labels: Sequence[str]) -> int:
    """How many labels at the end are the domain itself, whatever they say."""
    is_of_a_country = len(labels[-1]) == COUNTRY_LETTERS and labels[-2:-1] and labels[-2] in SECOND_LEVELS
    return 3 if is_of_a_country else 2


def is_tracking(pair: str) -> bool:
    return TRACKING.fullmatch(pair.partition("=")[0].lower()) is not None
