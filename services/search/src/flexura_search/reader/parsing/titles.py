"""The title of a page: what stands above its text, or in the tab, without the name of the site."""

import re
from collections.abc import Mapping

from flexura_search.reader.parsing.cascade import Element
from flexura_search.reader.parsing.characters import line

TITLE_MAX = 300
WORDS_SHARE_MIN = 0.7  # Of a title for machines, that a person must have seen.
TAB_WORDS_MIN = 3  # "Newsroom" is the title of no page.
MARKS = " |–—·•»«:-"  # noqa: RUF001 - dashes, as titles have them.
SEPARATORS = re.compile(rf"\s+(?:[{MARKS[1:]}]|:::)\s+|\s*[|]\s*|\s*:::\s*")
TAGS_IN_TAB = re.compile(r"<(?:meta|link|script|style|base|body|head)\b.*", re.IGNORECASE | re.DOTALL)
PERMALINKS = frozenset({"¶", "#", "§", "🔗", "⚓", "[edit]", "edit"})
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
WORD = re.compile(r"\w+")


def remove_permalinks(tree: Element) -> None:
    """Takes the marks out of headings that lead to themselves, or to where they are edited."""
    for heading in list(tree.iter(*HEADINGS)):
        for anchor in heading.findall(".//a"):
            if anchor.text_content().strip().lower() in PERMALINKS:
                anchor.drop_tree()


def title_of(tree: Element, metas: Mapping[str, str], found: str, visible: str) -> str:
    tab = next((_tab(title.text_content()) for title in tree.iter("title")), "")
    first, second = _headings(tree, "h1"), _headings(tree, "h2")
    told = [line(metas.get(name), TITLE_MAX) for name in ("og:title", "twitter:title", "citation_title")]
    told = [title for title in [*told, line(found, TITLE_MAX)] if is_seen(title, f"{tab} {' '.join(first)}")]
    # What stands both above the text and in the tab is the title; of two, one is the site's name.
    in_both = [heading for heading in first + second if any(_holds(title, heading) for title in (tab, *told))]
    if in_both:
        return max(in_both, key=len)
    if len(first) == 1:
        return first[0]
    if not first and len(second) == 1 and len(WORD.findall(tab)) < TAB_WORDS_MIN:
        return second[0]
    for title in told:
        return _without_site(title, metas, visible)
    return _without_site(tab, metas, visible)


def _tab(text: str) -> str:
    return line(TAGS_IN_TAB.sub("", text), TITLE_MAX)


def _headings(tree: Element, tag: str) -> list[str]:
    return [text for heading in tree.iter(tag) if (text := line(heading.text_content(), TITLE_MAX))]


def is_seen(title: str, shown: str) -> bool:
    """Whether a title for machines says what a person sees, too."""
    words, seen = set(WORD.findall(title.lower())), set(WORD.findall(shown.lower()))
    return bool(words) and len(words & seen) >= WORDS_SHARE_MIN * len(words)


def _holds(title: str, heading: str) -> bool:
    """Whether the heading is the title, or whole words of it."""
    place = title.lower().find(heading.lower())
    if place < 0:
        return False
    around = title[max(0, place - 1) : place] + title[place + len(heading) : place + len(heading) + 1]
    return not any(character.isalnum() for character in around)


def _without_site(title: str, metas: Mapping[str, str], visible: str) -> str:
    parts = [part for part in SEPARATORS.split(title) if part.strip(MARKS)]
    if len(parts) < 2:  # noqa: PLR2004 - a title and a site.
        return parts[0].strip(MARKS) if parts and ":::" in title else title
    site = line(metas.get("og:site_name"), TITLE_MAX).lower()
    if site and parts[-1].lower() == site:
        return title[: title.rindex(parts[-1])].rstrip(MARKS)
    if site and parts[0].lower() == site:
        return title[len(parts[0]) :].lstrip(MARKS)
    # A part that stands in the page on a line of its own is the title, or the name of the site, which is shorter.
    lines = {text.strip().lower() for text in visible.splitlines()}
    alone = [part for part in parts if part.lower() in lines]
    return max(alone, key=len) if alone else title
