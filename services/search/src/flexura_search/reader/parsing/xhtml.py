"""Documents of XML that browsers show as pages: elements are closed as XML says, and only those of XHTML are HTML."""

import html
import re

from lxml import etree
from lxml.html import XHTMLParser

from flexura_search.reader.parsing.cascade import Element
from flexura_search.reader.parsing.characters import fit
from flexura_search.reader.sniffing.markup import XHTML

ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
# Show nothing that stands in them, which XML allows.
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
FOREIGN = frozenset({"svg", "math"})  # Are shown, or not, as within HTML.


def xhtml_tree(text: str) -> Element | None:
    """A tree as the parser of HTML makes it; None where it is not well-formed, or no element of it is one of XHTML."""
    parser = XHTMLParser(
        remove_comments=True, remove_pis=True, no_network=True, resolve_entities=False, load_dtd=False, recover=False
    )
    source = ENTITY.sub(_character, DECLARATION.sub("", fit(text.lstrip("\ufeff"))))
    try:
        root = etree.fromstring(source.encode(), parser)
    except (etree.LxmlError, ValueError):
        return None
    if not _take_namespaces_off(root):
        return None
    return root if root.tag == "html" and root.find("body") is not None else _enclosed(root)


def _character(entity: re.Match[str]) -> str:
    """What browsers know by name; XML itself knows five."""
    return entity[0] if entity[1] in OF_XML else html.unescape(entity[0])


def _take_namespaces_off(root: Element) -> int:
    """Leaves bare names to elements of XHTML, and calls those of other vocabularies a part; counts the former."""
    count = 0
    for element in root.iter(etree.Element):
        name = etree.QName(element)
        if name.namespace == XHTML:
            # Capitals make it no element of HTML to a browser; what it would hide is hidden here all the same.
            element.tag = name.localname.lower()
            count += 1
        else:
            element.tag = name.localname if name.localname in FOREIGN else "div"
        if element.tag in VOID:
            element.text = None
            del element[:]
        for attribute, value in list(element.attrib.items()):
            bare = etree.QName(attribute).localname.lower()
            if bare != attribute:
                del element.attrib[attribute]
                element.set(bare, element.get(bare, value))
    return count


def _enclosed(root: Element) -> Element:
    if root.tag in {"html", "body"}:
        root.tag = "div"
    page = root.makeelement("html")
    body = etree.SubElement(page, "body")
    body.append(root)
    return page
