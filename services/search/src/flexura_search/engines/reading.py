"""Parts of answers as they may be trusted: plain text, addresses of the web, numbers, lists."""

import html
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from flexura_search.domain.addresses import exact
from flexura_search.domain.findings import EngineAnswer, EngineFailedError, EngineStatus, Hit, ImageHit

Found = TypeVar("Found")

TEXT_CHARACTERS_MAX = 4000
RAW_CHARACTERS_MAX = 4 * TEXT_CHARACTERS_MAX  # Marks and entities take their part of it.
SHORT_URL_CHARACTERS_MAX = 1000
URL_CHARACTERS_MAX = 4096
# Elements by name: `vector<int>` in the snippet of a page on C++ is no mark.
INLINE = "a|abbr|b|bdi|bdo|cite|code|em|font|i|kbd|mark|q|s|samp|small|span|strong|sub|sup|u|var|wbr"
BLOCK = "article|blockquote|br|dd|div|dl|dt|figcaption|figure|h[1-6]|hr|img|li|ol|p|pre|section|table|tbody|td|th|tr|ul"
INLINE_TAG = re.compile(rf"</?(?:{INLINE})(?:\s[^<>]*|/)?>", re.IGNORECASE)
BLOCK_TAG = re.compile(rf"</?(?:{BLOCK})(?:\s[^<>]*|/)?>|<!--[^<>]*>", re.IGNORECASE)
# C0 and C1, halves of surrogate pairs, and what turns the direction of the text around it.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")


def plain(value: object) -> str:
    """The text without marks, entities and control characters, on one line; empty where it is no text."""
    if not value or not isinstance(value, str):
        return ""
    text = BLOCK_TAG.sub(" ", INLINE_TAG.sub("", value[:RAW_CHARACTERS_MAX]))
    # Folded first, as line breaks are control characters too.
    text = " ".join(html.unescape(text).split())
    return short(" ".join(CONTROL.sub("", text).split()), TEXT_CHARACTERS_MAX)


def short(text: str, characters_max: int) -> str:
    return text if len(text) <= characters_max else text[: characters_max - 1].rstrip() + "…"


def web_url(value: object) -> str:
    """The address as a browser would write it, if it is one of http or https; else empty."""
    if not value or not isinstance(value, str) or len(value) > URL_CHARACTERS_MAX:
        return ""
    url = exact(f"https:{value}" if value.startswith("//") else value)
    return url if len(url) <= URL_CHARACTERS_MAX else ""


def short_url(value: object) -> str:
    """An address that costs an answer no more than it is worth; else empty."""
    url = web_url(value)
    return url if len(url) <= SHORT_URL_CHARACTERS_MAX else ""


def number(value: object) -> int:
    """A count of pixels; 0 where it is none."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:9])
    return min(value, 10**9) if isinstance(value, int) and value > 0 else 0


def hit(
    title: object, url: object, snippet: object, published_at: datetime | None = None, **more: object
) -> Hit | None:
    """A hit out of parts that are not trusted; None where its address is none. `more` is author, favicon and image."""
    address = web_url(url)
    if not address or len(address) > SHORT_URL_CHARACTERS_MAX:
        return None
    return Hit(
        title=plain(title) or address,
        url=address,
        snippet=plain(snippet),
        published_at=published_at,
        author=plain(more.get("author")),
        favicon=short_url(more.get("favicon")),
        image=short_url(more.get("image")),
    )


def hits_in(
    items: object, read: Callable[[dict[str, Any]], Hit | None], results_max: int, shortfall: str = ""
) -> EngineAnswer:
    hits = found_in(items, read)
    return EngineAnswer(hits=hits[:results_max], shortfall=shortfall, left_out=count_of(items) - len(hits))


def images_in(
    items: object, read: Callable[[dict[str, Any]], ImageHit | None], results_max: int, shortfall: str = ""
) -> EngineAnswer:
    images = found_in(items, read)
    return EngineAnswer(images=images[:results_max], shortfall=shortfall, left_out=count_of(items) - len(images))


def count_of(items: object) -> int:
    return len(items) if isinstance(items, list) else 0


def found_in(items: object, read: Callable[[dict[str, Any]], Found | None]) -> tuple[Found, ...]:
    """What can be read of a list of results; the rest of it is passed over."""
    if not isinstance(items, list):
        raise EngineFailedError(EngineStatus.BROKEN, "its answer has no list of results")
    results = [result for item in items if isinstance(item, dict) and (result := read(item)) is not None]
    if items and not results:
        # Not "nothing found": its format has changed.
        raise EngineFailedError(EngineStatus.BROKEN, f"none of its {len(items)} results can be read")
    return tuple(results)


def part(value: object, *names: str) -> Any:
    """What lies at the end of a path of names; None where a step is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
