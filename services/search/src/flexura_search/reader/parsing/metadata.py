"""Title, author, site, language and pictures of a page, as far as a person could have seen them."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from trafilatura.metadata import examine_meta, extract_author, extract_meta_json, extract_sitename, extract_title

from flexura_search.domain.addresses import Address, exact, parsed
from flexura_search.domain.urls import without_place
from flexura_search.reader.parsing.cascade import Element
from flexura_search.reader.parsing.characters import line
from flexura_search.reader.parsing.titles import title_of

NAME_MAX = 100
SITE_MAX = 80
URL_MAX = 2048
LINKS_MAX = 100
NAME_WORDS_MAX = 6
UNSEEN_WORDS_MAX = 4
PARTICLES = frozenset(
    {
        "a",
        "al",
        "and",
        "at",
        "bin",
        "by",
        "d",
        "da",
        "dal",
        "de",
        "del",
        "della",
        "den",
        "der",
        "di",
        "do",
        "dos",
        "du",
        "e",
        "el",
        "et",
        "for",
        "in",
        "la",
        "le",
        "of",
        "the",
        "to",
        "und",
        "van",
        "vom",
        "von",
        "y",
        "ter",
        "ten",
        "zu",
        "zur",
    }
)
LANGUAGE = re.compile(r"([a-z]{2})(?:[-_].*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Metadata:
    title: str
    author: str
    site: str
    language: str
    image: str
    favicon: str


def metadata(tree: Element, url: str, visible: str) -> Metadata:
    """`visible` is the text of the page: what the head says alone is believed only where it looks like a name."""
    title, author, site = _said_of_itself(tree)
    metas = _metas(tree)
    return Metadata(
        title=title_of(tree, metas, title, visible),
        author=believed_names(author, visible),
        site=_site(metas.get("og:site_name") or site, url, visible),
        language=_language(tree, metas),
        image=absolute(url, metas.get("og:image") or metas.get("twitter:image") or ""),
        favicon=_favicon(tree, url),
    )


def _said_of_itself(tree: Element) -> tuple[str, str, str]:
    """Title, author and site, as the library finds them; all that it does in one call takes three times as long."""
    found = examine_meta(tree)
    if found.author and " " not in found.author:
        found.author = None
    # What a page says there may be anything.
    with suppress(Exception):
        found = extract_meta_json(tree, found)
    title = found.title or extract_title(tree)
    author = found.author or extract_author(tree)
    site = found.sitename or extract_sitename(tree)
    return title or "", author or "", (site or "").lstrip("@")


def absolute(base: str, reference: str) -> str:
    """The address that a reference names; empty where it is none of the web."""
    reference = line(reference, URL_MAX + 1)
    if not reference:
        return ""
    url = exact(reference, _read_base(base))
    return url if len(url) <= URL_MAX else ""


@lru_cache(maxsize=64)
def _read_base(base: str) -> Address | None:
    try:
        return parsed(base)
    except ValueError:
        return None


def resolved_links(tree: Element, base: str) -> tuple[str, ...]:
    """Makes links lead where a browser would go, or nowhere, and answers where the first ones do."""
    found: dict[str, None] = {}
    here = without_place(base)
    for anchor in tree.iter("a"):
        link = absolute(base, anchor.attrib.pop("href", ""))
        if not link:
            continue
        anchor.set("href", link)
        page = without_place(link)
        if len(found) < LINKS_MAX and page != here:
            found[page] = None
    return tuple(found)


def _metas(tree: Element) -> dict[str, str]:
    metas: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("http-equiv") or "").strip().lower()
        if name:
            metas.setdefault(name, meta.get("content") or "")
    return metas


def believed_names(told: str, visible: str) -> str:
    """Names that stand in the text, or one that does not and is written like one: more could be orders."""
    names = [name for part in told.split(";") if (name := line(part, NAME_MAX))]
    seen = [name for name in names if name in visible]
    unseen = [name for name in names[:1] if not seen and len(name.split()) <= UNSEEN_WORDS_MAX and _is_name(name)]
    return "; ".join(seen or unseen)[: 4 * NAME_MAX]


def _site(found: str, url: str, visible: str) -> str:
    site = line(found, SITE_MAX)
    if not site or site.removeprefix("www.") == (urlsplit(url).hostname or "").removeprefix("www."):
        return ""
    return site if site in visible or _is_name(site) else ""


def _is_name(text: str) -> bool:
    """Whether it is written like a name: a few words, each with a capital where its script has such."""
    words = text.split()
    return (
        0 < len(words) <= NAME_WORDS_MAX
        and "://" not in text
        and not any(word[:1].islower() and word.lower() not in PARTICLES for word in words)
        and any(word.lower() not in PARTICLES for word in words)
    )


def _language(tree: Element, metas: dict[str, str]) -> str:
    declared = (tree.get("lang"), tree.get("xml:lang"), metas.get("content-language"), metas.get("og:locale"))
    for value in declared:
        language = LANGUAGE.fullmatch((value or "").strip())
        if language:
            return language[1].lower()
    return ""


def _favicon(tree: Element, url: str) -> str:
    for link in tree.iter("link"):
        if "icon" in (link.get("rel") or "").lower().split():
            return absolute(url, link.get("href") or "")
    return ""
