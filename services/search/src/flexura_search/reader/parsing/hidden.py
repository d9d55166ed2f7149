"""Takes out of a page what a person would not see, before anything is read from it."""

import re
from typing import NamedTuple

from lxml import etree

from flexura_search.reader.parsing.cascade import Cascade, Element, Styles
from flexura_search.reader.parsing.characters import fit
from flexura_search.reader.parsing.colours import BLACK, WHITE, colour
from flexura_search.reader.parsing.sight import Sight, inherited, is_out_of_sight

# Browsers show none of these, or not the text that stands in them.
NEVER_SHOWN = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "noframes",
        "noembed",
        "iframe",
        "frame",
        "frameset",
        "object",
        "embed",
        "applet",
        "audio",
        "video",
        "canvas",
        "svg",
        "datalist",
        "rp",
        "param",
        "source",
        "track",
        "meta",
        "link",
        "base",
        "title",
        "head",
        "area",
        "map",
        "portal",
        "fencedframe",
        "annotation",
        "annotation-xml",
        "input",
        "optgroup",
    }
)
# Known by these names to every theme; where the sheet that defines them is elsewhere, the name has to do.
FOR_EARS = frozenset(
    {
        "sr-only",
        "visually-hidden",
        "visuallyhidden",
        "screen-reader-text",
        "screen-reader-only",
        "screenreader-only",
        "element-invisible",
        "a11y-hidden",
        "u-visually-hidden",
        "is-visually-hidden",
        "assistive-text",
    }
)
UNSEEN_BY_NAME = frozenset({"hidden", "d-none", "is-hidden", "hide", "invisible", "u-hidden", "display-none"})
SHOWN_ON_DESKS = re.compile(r"\b(?:sm|md|lg|xl|2xl):|\bd-(?:sm|md|lg|xl|xxl)-")
MAIN_PARTS = ("main", "article", "h1")
PICTURES = ("img", "picture", "video", "svg", "canvas")
WORDS = re.compile(r"(?<![\\\w])[^\W\d_]{3,}")
ALT_CHARACTERS_MAX = 80
ALT_WORDS_MAX = 2


class Step(NamedTuple):
    element: Element
    sight: Sight


def remove_hidden(tree: Element) -> None:
    """Leaves what is seen, and the head; `details` stay, for a person may open them."""
    etree.strip_elements(tree, etree.Comment, etree.ProcessingInstruction, etree.Entity, with_tail=False)
    cascade = Cascade(tree)
    knows_all = not any(_is_sheet(link) for link in tree.iter("link"))
    body = tree.find("body")
    if body is None:
        return
    sight = Sight(ink=BLACK, paper=WHITE) if knows_all and not _is_dark(tree) else Sight()
    # A page that is shown when its script has run begins hidden as a whole: these two are taken as seen.
    sight = inherited(sight, _seen(cascade.styles(tree)), "html")
    steps = [Step(body, sight)]
    while steps:
        element, sight = steps.pop()
        styles = _seen(cascade.styles(element)) if element is body else cascade.styles(element)
        styles = _with_attributes(element, styles)
        if element is not body and (_is_unseen(element, styles, knows_all) or is_out_of_sight(styles, sight.font_px)):
            _drop(element)
            continue
        sight = inherited(sight, styles, element.tag)
        if styles.get("position") in {"absolute", "fixed"} and _shares_place_with_picture(element):
            if styles.get("z-index", "").startswith("-"):
                _drop(element)
                continue
            sight = _on_unknown(sight)
        if not sight.shows_text:
            _silence(element)
        # Judged here; what reads on would judge again, by a part of it.
        for name in ("style", "hidden", "aria-hidden"):
            element.attrib.pop(name, None)
        steps.extend(Step(child, sight) for child in element)
    _speak_pictures(body)


def _is_unseen(element: Element, styles: Styles, knows_all: bool) -> bool:  # noqa: FBT001 - it is one of three facts.
    if element.tag in NEVER_SHOWN or (element.tag == "dialog" and element.get("open") is None):
        return True
    if element.get("hidden") is not None and styles.get("display", "none") == "none":
        return True
    if (element.get("aria-hidden") or "").strip().lower() == "true" and not _holds_main_part(element):
        return True
    names = (element.get("class") or "").split()
    if not names:
        return False
    if not FOR_EARS.isdisjoint(names):
        return True
    named = not knows_all and not UNSEEN_BY_NAME.isdisjoint(names)
    return named and not SHOWN_ON_DESKS.search(element.get("class"))


def _holds_main_part(element: Element) -> bool:
    """Behind an open dialog, pages call all else hidden from ears; eyes see it."""
    return element.tag in MAIN_PARTS or any(element.find(f".//{tag}") is not None for tag in MAIN_PARTS)


def _drop(element: Element) -> None:
    """Takes an element out and leaves the text behind it."""
    parent = element.getparent()
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = fit((before.tail or "") + element.tail)
        else:
            parent.text = fit((parent.text or "") + element.tail)
    parent.remove(element)


def _silence(element: Element) -> None:
    """Takes away an element's own text; what is in it may be seen again."""
    element.text = None
    for child in element:
        child.tail = None
    for name in ("alt", "title", "value", "placeholder", "label"):
        element.attrib.pop(name, None)


def _seen(styles: Styles) -> Styles:
    return {name: value for name, value in styles.items() if name not in {"visibility", "font-size", "text-indent"}}


def _with_attributes(element: Element, styles: Styles) -> Styles:
    """Colours as they were given before style sheets; these win."""
    ink = element.get("color") if element.tag == "font" else element.get("text") if element.tag == "body" else None
    paper = element.get("bgcolor")
    if not ink and not paper:
        return styles
    old = {"color": _old_colour(ink)} if ink else {}
    if paper:
        old["background-color"] = _old_colour(paper)
    return {**old, **styles}


def _old_colour(value: str) -> str:
    value = value.strip().lower()
    return value if colour(value) else f"#{value.lstrip('#')}"


def _shares_place_with_picture(element: Element) -> bool:
    parent = element.getparent()
    return parent is not None and any(parent.find(f".//{tag}") is not None for tag in PICTURES)


def _on_unknown(sight: Sight) -> Sight:
    return Sight(sight.is_visible, sight.is_indented_away, sight.font_px, sight.ink, None)


def _is_sheet(link: Element) -> bool:
    return "stylesheet" in (link.get("rel") or "").lower().split()


def _is_dark(tree: Element) -> bool:
    return any(
        "dark" in (meta.get("content") or "").lower()
        for meta in tree.iter("meta")
        if (meta.get("name") or "").lower() == "color-scheme"
    )


def _speak_pictures(body: Element) -> None:
    """Puts a small picture's name in its place: a formula, an emoji. Whole sentences there are seen by nobody."""
    for image in list(body.iter("img")):
        alt = (image.attrib.pop("alt", None) or "").strip()
        image.attrib.pop("title", None)
        if alt and len(alt) <= ALT_CHARACTERS_MAX and len(WORDS.findall(alt)) <= ALT_WORDS_MAX and _is_inline(image):
            image.tail = fit(f" {alt} {image.tail or ''}" if image.tail else f" {alt}")
            _drop(image)


def _is_inline(image: Element) -> bool:
    parent = image.getparent()
    return parent.tag in {"p", "span", "li", "td", "dd"} and bool((parent.text or "").strip() or image.tail)
