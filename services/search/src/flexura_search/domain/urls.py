"""Addresses: how the same page is known again, and which domain it belongs to."""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlencode

from flexura_search.domain.addresses import Address, parsed

URL_CHARACTERS_MAX = 1000  # A longer one costs an answer more tokens than it is worth.
KEPT_MAX = 2048  # Of each; with addresses as long as they are answered, about 4 MB.
ROUTES = ("/", "!")  # What a fragment begins with that names a page of its own, and no place within one.
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


def canonical(url: str) -> str:
    """What addresses are compared by: without tracking, mobile and AMP detours, place in the page and default port.

    Empty where it is no address of the web.
    """
    return _canonical(url) if len(url) <= URL_CHARACTERS_MAX else _canonical.__wrapped__(url)


@lru_cache(maxsize=KEPT_MAX)
def _canonical(url: str) -> str:
    address = split(url)
    if address is None:
        return ""
    address = out_of_amp_cache(address)
    query = "&".join(pair for pair in (address.query or "").split("&") if pair and not is_tracking(pair))
    host = without_mobile_label(address.host.rstrip("."))
    return str(address._replace(host=host, query=query or None))


def same_page(url: str) -> str:
    """What all addresses of a page have in common: not the scheme, `www.`, a last slash or the order of a query."""
    return _same_page(url) if len(url) <= URL_CHARACTERS_MAX else _same_page.__wrapped__(url)


@lru_cache(maxsize=KEPT_MAX)
def _same_page(url: str) -> str:
    address = split(canonical(url))
    if address is None:
        return ""
    host, port = without_www(address.host), f":{address.port}" if address.port is not None else ""
    pairs = parse_qsl(address.query or "", keep_blank_values=True)
    query = urlencode(sorted(pair for pair in pairs if pair[0].lower() not in OTHER_SHAPES))
    path = unquote(without_amp(address.path)).rstrip("/")
    path = path.removesuffix("/index.html").removesuffix("/index.php")
    return f"{host}{port}{path}?{query}#{address.fragment or ''}"


def host_of(url: str) -> str:
    """The host's name in lower case, as ASCII; empty where there is none."""
    address = split(url)
    return "" if address is None else address.host.rstrip(".")


def is_of_site(host: str, domain: str) -> bool:
    """Tells whether the host is of the domain; `www.` before a domain means the site, with and without it."""
    site = without_www(domain)
    return is_within(host, domain) or (site != domain and host == site)


def is_within(host: str, domain: str) -> bool:
    """Tells whether the host is the domain itself or below it."""
    return host == domain or host.endswith(f".{domain}")


def split(url: str) -> Address | None:
    """The parts of an address, with the fragment where that names a page; None where it is no address of the web."""
    head, _, fragment = url.partition("#")
    try:
        address = parsed(head)
    except ValueError:
        return None
    if address.port == 0:
        return None
    return address._replace(fragment=fragment.strip() if fragment.startswith(ROUTES) else None)


def without_place(url: str) -> str:
    """The address without the fragment, unless that names a page of its own."""
    head, _, fragment = url.partition("#")
    return url if fragment.startswith(ROUTES) else head


def out_of_amp_cache(address: Address) -> Address:
    """The publisher's own address, where a cache or a viewer of AMP pages shows it."""
    found = None
    if is_within(address.host, "cdn.ampproject.org"):
        found = AMP_CACHE.fullmatch(address.target)
    elif address.host.startswith("www.google."):
        found = AMP_VIEWER.fullmatch(address.target)
    return (split(f"https://{found['rest']}") if found else None) or address


def without_amp(path: str) -> str:
    found = AMP_FOLDER.fullmatch(path)
    return found["page"] if found else path.replace(".amp.html", ".html")


def without_mobile_label(host: str) -> str:
    """`m.example.org` and `en.m.example.org` are the same site for small screens."""
    labels = host.split(".")
    own = own_labels(labels)
    return ".".join([*(label for label in labels[:-own] if label not in MOBILE_LABELS), *labels[-own:]])


def without_www(host: str) -> str:
    """`www.example.org` is the site `example.org`; `www.com` is a domain."""
    rest = host.removeprefix("www.")
    return rest if rest.count(".") + 1 >= own_labels(rest.split(".")) else host


def own_labels(labels: Sequence[str]) -> int:
    """How many labels at the end are the domain itself, whatever they say."""
    is_of_a_country = len(labels[-1]) == COUNTRY_LETTERS and labels[-2:-1] and labels[-2] in SECOND_LEVELS
    return 3 if is_of_a_country else 2


def is_tracking(pair: str) -> bool:
    return TRACKING.fullmatch(pair.partition("=")[0].lower()) is not None
