"""Pages of HTML: the main text and what they say of themselves."""

import re
from datetime import datetime

from lxml import etree
from lxml.html import HTMLParser, document_fromstring
from trafilatura import extract

from flexura_search.domain.pages import Page
from flexura_search.domain.queries import TextFormat
from flexura_search.reader.failures import unreadable
from flexura_search.reader.parsing.cascade import Element
from flexura_search.reader.parsing.characters import fit, seen
from flexura_search.reader.parsing.charset import decoded
from flexura_search.reader.parsing.dates import published_at
from flexura_search.reader.parsing.hidden import remove_hidden
from flexura_search.reader.parsing.metadata import absolute, metadata, resolved_links
from flexura_search.reader.parsing.rendering import plain, rendered
from flexura_search.reader.parsing.titles import remove_permalinks
from flexura_search.reader.parsing.walls import EMPTY, has_scripts, wall
from flexura_search.reader.parsing.xhtml import xhtml_tree

MAIN = "//main|//*[@role='main']|//article"
SHARE_MIN = 0.4  # Of a main part that the page marks as such; where less is found, the finder mistook it.
MAIN_CHARACTERS_MIN = 400
SHARE_OF_BODY_MIN = 0.25  # Less of it was found in a forum: one post of many.
BODY_CHARACTERS_MIN = 1000
LINES = re.compile(r"\n{3,}")


def read_html(
    body: bytes, charset: str, url: str, text_format: TextFormat, now: datetime, *, is_xml: bool = False
) -> Page:
    text = decoded(body, charset)
    tree = xhtml_tree(text) if is_xml else None
    if tree is None:
        tree = _tree(text, url)
    is_scripted = has_scripts(tree)
    base = _base(tree, url)
    linked = [script for script in tree.iter("script") if "ld+json" in (script.get("type") or "").lower()]
    kept = [(script.get("type"), script.text) for script in linked]
    remove_hidden(tree)
    remove_permalinks(tree)
    visible = seen(plain(tree.find("body"))) if tree.find("body") is not None else ""
    _keep_in_head(tree, kept)
    about = metadata(tree, base, visible)
    time = published_at(tree, url, about.title, visible, now)
    if why := wall(visible, about.title, has_scripts=is_scripted):
        raise unreadable(url, why)
    for script in list(tree.iter("script")):
        script.getparent().remove(script)
    found = resolved_links(tree, base)
    _rename_captions(tree)
    content = LINES.sub("\n\n", seen(_text(tree, text_format, len(visible)))).strip()
    if not content:
        raise unreadable(url, EMPTY)
    return Page(
        url=url,
        final_url=url,
        content_type="text/html",
        text=content,
        title=about.title,
        author=about.author,
        published_at=time,
        site=about.site,
        language=about.language,
        image=about.image,
        favicon=about.favicon,
        links=found,
    )


def _tree(text: str, url: str) -> Element:
    # As bytes: a text with an encoding declared in it would be refused.
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        tree = document_fromstring(fit(text).encode() or b"<html/>", parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise unreadable(url, "the page cannot be understood") from error
    return tree


def _base(tree: Element, url: str) -> str:
    from_page = next((base.get("href") for base in tree.iter("base") if base.get("href")), "")
    return absolute(url, from_page) or url


def _keep_in_head(tree: Element, scripts: list[tuple[str, str]]) -> None:
    """Puts back what the page says of itself to machines, for its date and author; its text is not read from there."""
    head = tree.find("head")
    if head is None:
        head = etree.Element("head")
        tree.insert(0, head)
    for script in list(head.iter("script", "style", "noscript", "template")):
        script.getparent().remove(script)
    for kind, text in scripts:
        script = etree.SubElement(head, "script", type=kind)
        script.text = fit(text or "")


def _rename_captions(tree: Element) -> None:
    """The finder of the main text leaves pictures out, captions and all; these are read like any paragraph."""
    for figure in tree.iter("figure"):
        figure.tag = "div"
    for caption in tree.iter("figcaption"):
        caption.tag = "p"


def _text(tree: Element, text_format: TextFormat, visible_characters: int) -> str:
    is_markdown = text_format is TextFormat.MARKDOWN
    text = _extracted(tree, is_markdown=is_markdown)
    region = max(tree.xpath(MAIN), key=lambda part: len(part.text_content()), default=None)
    if region is not None:
        whole = rendered(region, is_markdown=is_markdown)
        if len(whole) >= MAIN_CHARACTERS_MIN and len(text) < SHARE_MIN * len(whole):
            return whole
    if text and len(text) >= SHARE_OF_BODY_MIN * visible_characters:
        return text
    body = tree.find("body")
    whole = rendered(body, is_markdown=is_markdown)
    if text and (len(whole) < BODY_CHARACTERS_MIN or len(text) >= SHARE_OF_BODY_MIN * len(whole)):
        return text
    return whole or plain(body)


def _extracted(tree: Element, *, is_markdown: bool) -> str:
    try:
        found = extract(
            tree,
            output_format="markdown" if is_markdown else "txt",
            include_comments=False,
            include_formatting=is_markdown,
            include_links=is_markdown,
            include_tables=True,
        )
    except (ValueError, TypeError, AttributeError, RecursionError, etree.LxmlError):
        # Some trees are beyond it; the text as it stands is better than none.
        return ""
    return found if isinstance(found, str) else ""
