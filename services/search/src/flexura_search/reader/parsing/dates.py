"""When a page says it was published."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from flexura_search.reader.parsing.bylines import day_beside, day_in_address
from flexura_search.reader.parsing.cascade import Element

META_NAMES = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "date_published",
    "publishdate",
    "publish_date",
    "publish-date",
    "pubdate",
    "parsely-pub-date",
    "sailthru.date",
    "article.published",
    "citation_publication_date",
    "citation_online_date",
    "citation_date",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date",
    "dcterms.date",
    "date",
)
DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
YEARS = range(1990, 2100)
LD_NODES_MAX = 500
# Within these stand things that are not the page.
LD_OTHERS = frozenset(
    {
        "aggregaterating",
        "comment",
        "comments",
        "haspart",
        "itemlistelement",
        "mentions",
        "relatedlink",
        "review",
        "reviews",
    }
)


def published_at(tree: Element, url: str, title: str, visible: str, now: datetime) -> datetime | None:
    """What the page declares counts before what stands beside its title, and that before its address."""
    for value in _declared(tree):
        time = read_time(value)
        if time is not None and time <= now + timedelta(days=2):
            return time
    lines = [text for text in visible.splitlines() if text.strip()]
    return day_beside(title, lines, now) or day_in_address(url, now)


def read_time(value: str) -> datetime | None:
    """Reads what ISO 8601 is meant to be; a zone that is not told is UTC, a time of day that is not told midnight."""
    value = value.strip()
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        found = DATE.match(value)
        if found is None:
            return None
        try:
            time = datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
        except ValueError:
            return None
    if time.year not in YEARS:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def linked_data(tree: Element) -> Iterator[dict[str, Any]]:
    """What a page says of itself in JSON-LD, outer things before inner ones."""
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        try:
            nodes = [json.loads((script.text or "").strip().removeprefix("<!--").removesuffix("-->"), strict=False)]
        except (ValueError, RecursionError):
            continue
        seen = 0
        while nodes and seen < LD_NODES_MAX:
            node = nodes.pop(0)
            seen += 1
            if isinstance(node, dict):
                yield node
                nodes.extend(
                    value
                    for name, value in node.items()
                    if isinstance(value, dict | list) and name.lower() not in LD_OTHERS
                )
            elif isinstance(node, list):
                nodes.extend(node[:LD_NODES_MAX])


def _declared(tree: Element) -> Iterator[str]:
    metas: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower()
        if name and meta.get("content"):
            metas.setdefault(name, meta.get("content"))
    for name in META_NAMES[:3]:
        if name in metas:
            yield metas[name]
    for node in linked_data(tree):
        for name in ("datePublished", "uploadDate", "dateCreated"):
            if isinstance(node.get(name), str):
                yield node[name]
    for name in META_NAMES[3:]:
        if name in metas:
            yield metas[name]
    yield from _shown(tree)


def _shown(tree: Element) -> Iterator[str]:
    for element in tree.xpath("//*[@itemprop='datePublished' or @pubdate]"):
        yield element.get("datetime") or element.get("content") or element.text_content()
    # Of those that are not named, one in the head of an article is the article's; one in a list is another page's.
    places = "//article//header//time[@datetime]|//main//header//time[@datetime]|//h1/following::time[@datetime]"
    for element in tree.xpath(f"({places})[position()<=3]"):
        around = (
            f"{element.get('class') or ''} {element.getparent().get('class') or ''} {element.getparent().text or ''}"
        )
        if not re.search(r"updat|modif|aktualis|edited|mis à jour", around.lower()):
            yield element.get("datetime")
