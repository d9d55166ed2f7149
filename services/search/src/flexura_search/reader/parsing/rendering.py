"""The text of a part of a page as it stands there, in Markdown or plain, for pages that have no main text to find."""

import re

from flexura_search.reader.parsing.cascade import Element

BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    }
)
AROUND = frozenset({"nav", "footer", "aside", "form", "button", "select", "menu", "dialog"})
ROLES_AROUND = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "dialog"})
DEPTH_MAX = 200
SPACES = re.compile(r"\s+")
EMPTY_LINES = re.compile(r"\n\s*\n\s*")


def plain(element: Element) -> str:
    """All text of an element, a line for each block."""
    return _Rendering(is_marked=False, is_whole=True).of(element)


def rendered(element: Element, *, is_markdown: bool) -> str:
    """The text of an element without what stands around a page's text."""
    return _Rendering(is_marked=is_markdown, is_whole=False).of(element)


class _Rendering:
    def __init__(self, *, is_marked: bool, is_whole: bool) -> None:
        self._is_marked = is_marked
        self._is_whole = is_whole
        self._blocks: list[str] = []
        self._inline: list[str] = []

    def of(self, element: Element) -> str:
        self._visit(element, 0)
        self._close()
        return EMPTY_LINES.sub("\n\n", "\n\n".join(self._blocks)).strip()

    def _close(self, prefix: str = "") -> None:
        text = SPACES.sub(" ", "".join(self._inline)).strip()
        self._inline.clear()
        if text:
            self._blocks.append(prefix + text)

    def _visit(self, element: Element, depth: int) -> None:
        tag = element.tag
        if depth > DEPTH_MAX or not isinstance(tag, str):
            return
        if not self._is_whole and depth and (tag in AROUND or element.get("role") in ROLES_AROUND):
            return
        if tag == "pre":
            self._pre(element)
        elif tag == "table" and self._is_table(element):
            self._table(element)
        elif tag == "br":
            self._close()
        elif tag in BLOCKS:
            self._close()
            self._children(element, depth)
            self._close(self._prefix(element) if self._is_marked else "")
        else:
            self._children(element, depth)

    def _children(self, element: Element, depth: int) -> None:
        self._inline.append(element.text or "")
        for child in element:
            self._visit(child, depth + 1)
            self._inline.append(child.tail or "")

    def _prefix(self, element: Element) -> str:
        tag = element.tag
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():  # noqa: PLR2004 - h1 to h6.
            return "#" * int(tag[1]) + " "
        return {"li": "- ", "blockquote": "> "}.get(tag, "")

    def _pre(self, element: Element) -> None:
        self._close()
        code = element.text_content().strip("\n")
        if code.strip():
            self._blocks.append(f"```\n{code}\n```" if self._is_marked else code)

    def _is_table(self, table: Element) -> bool:
        return self._is_marked and table.find(".//table") is None and len(table.findall(".//tr")) > 1

    def _table(self, table: Element) -> None:
        self._close()
        rows = [
            [SPACES.sub(" ", cell.text_content()).strip().replace("|", "\\|") for cell in row.xpath("./th|./td")]
            for row in table.iter("tr")
        ]
        rows = [row for row in rows if any(row)]
        width = max(map(len, rows), default=0)
        lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
        if lines:
            self._blocks.append("\n".join([lines[0], "|" + " --- |" * width, *lines[1:]]))
