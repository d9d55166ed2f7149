"""What a page's own style sheets and attributes say of each element, the stronger rule first."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import cssselect
import tinycss2
from lxml import etree

from flexura_search.reader.parsing.values import Declared, Verdict, judged, may_hide

Element = Any  # lxml has no types.
Styles = dict[str, str]

# What can put text out of sight, or bring it back.
PROPERTIES = frozenset(
    {
        "background",
        "background-clip",
        "background-color",
        "background-image",
        "clip",
        "clip-path",
        "color",
        "content-visibility",
        "display",
        "filter",
        "font",
        "font-size",
        "height",
        "left",
        "line-height",
        "margin-left",
        "margin-top",
        "max-height",
        "max-width",
        "opacity",
        "overflow",
        "overflow-x",
        "overflow-y",
        "position",
        "right",
        "text-indent",
        "top",
        "bottom",
        "transform",
        "scale",
        "translate",
        "visibility",
        "width",
        "z-index",
        "zoom",
        "-webkit-background-clip",
        "-webkit-text-fill-color",
    }
)
RULES_MAX = 3000
SHEET_CHARACTERS_MAX = 400_000
MATCHES_MAX = 60_000
NESTING_MAX = 4
INLINE = (1 << 20, 0, 0)  # As specific as no selector is.
MEDIA_WIDTH_PX = 1280.0  # Judged as on a person's desk.
SIMPLE = re.compile(r"([a-z][a-z0-9]*)?((?:[.#][\w-]+)*)", re.ASCII)
NAMES = re.compile(r"([.#])([\w-]+)", re.ASCII)
TRICKY = re.compile(r"[\\'\"@{}(\[]|/\*|[^\x20-\x7e\t\n\r\f]")
BLANKS = re.compile(r"[ \t\n\r\f]+")
WIDTH_QUERY = re.compile(r"\(\s*(min|max)-width\s*:\s*(\d+\.?\d*|\.\d+)(px|em|rem)\s*\)")
VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,([^()]*))?\)")


class Declaration(NamedTuple):
    name: str
    value: str
    is_important: bool


class Rule(NamedTuple):
    selector: str
    declarations: tuple[Declaration, ...]


class Cascade:
    """The declarations for every element of a tree; looked up, not computed again."""

    def __init__(self, tree: Element) -> None:
        self._tree = tree
        self._found: dict[Element, dict[str, Declared]] = defaultdict(lambda: defaultdict(Declared))
        self._variables: dict[str, str] = {}
        self._by_class: dict[str, list[Element]] = defaultdict(list)
        self._by_id: dict[str, list[Element]] = defaultdict(list)
        self._by_tag: dict[str, list[Element]] = defaultdict(list)
        self._left = MATCHES_MAX
        rules = list(_rules_of(tree))
        if rules:
            self._index()
        for order, rule in enumerate(rules):
            self._apply(rule, order)

    def styles(self, element: Element) -> Styles:
        """What is declared for an element itself; what it inherits is not among it."""
        found = self._found.get(element)
        inline = declarations(element.get("style") or "")
        if not found and not inline:
            return {}
        declared: dict[str, Declared] = defaultdict(Declared)
        for name, each in (found or {}).items():
            declared[name] = replace(each)
        for name, value, is_important in inline:
            # Inline wins over all but what a sheet calls important.
            declared[name].add((is_important, INLINE, 0), value, judged(name, value))
        chosen = ((name, self._chosen(name, each)) for name, each in declared.items())
        return {name: value for name, value in chosen if value is not None}

    def _chosen(self, name: str, declared: Declared) -> str | None:
        """The value in force; one that is not understood may hide what is seen, and never show what is hidden."""
        known = declared.known
        doubtful = declared.doubtful
        if doubtful is not None and (known is None or doubtful[0] >= known[0]):
            value = self._resolved(doubtful[1])
            verdict = judged(name, value)
            if verdict is Verdict.VALID or (verdict is Verdict.DOUBTFUL and (known is None or may_hide(name, value))):
                return value
        return known[1] if known is not None else None

    def _index(self) -> None:
        for element in self._tree.iter(etree.Element):
            self._by_tag[element.tag].append(element)
            for name in (element.get("class") or "").split():
                self._by_class[name].append(element)
            if name := element.get("id"):
                self._by_id[name].append(element)

    def _apply(self, rule: Rule, order: int) -> None:
        self._variables.update((name, value) for name, value, _ in rule.declarations if name.startswith("--"))
        for specificity, elements in self._matches(rule.selector):
            for element in elements:
                self._left -= 1
                if self._left < 0:
                    return
                found = self._found[element]
                for name, value, is_important in rule.declarations:
                    if name in PROPERTIES:
                        found[name].add((is_important, specificity, order), value, judged(name, value))

    def _matches(self, selectors: str) -> Iterator[tuple[tuple[int, int, int], Sequence[Element]]]:
        for selector in selectors.split(",") if "(" not in selectors else (selectors,):
            simple = SIMPLE.fullmatch(selector.strip())
            if simple and selector.strip():
                yield self._simple(simple[1], NAMES.findall(simple[2]))
            elif "(" in selector or self._may_match(selector):
                yield from _matches_of_any(self._tree, selector)

    def _simple(self, tag: str | None, names: list[tuple[str, str]]) -> tuple[tuple[int, int, int], Sequence[Element]]:
        lists = [(self._by_class if kind == "." else self._by_id).get(name, []) for kind, name in names]
        if tag:
            lists.append(self._by_tag.get(tag, []))
        lists.sort(key=len)
        elements = lists[0]
        for others in lists[1:]:
            kept = set(others)
            elements = [element for element in elements if element in kept]
        ids = sum(1 for kind, _ in names if kind == "#")
        return (ids, len(names) - ids, int(tag is not None)), elements

    def _may_match(self, selector: str) -> bool:
        """Whether all classes and ids of a selector occur; most of a large sheet's do not."""
        return all(name in (self._by_class if kind == "." else self._by_id) for kind, name in NAMES.findall(selector))

    def _resolved(self, value: str) -> str:
        for _ in range(NESTING_MAX):
            if "var(" not in value:
                break
            value = VARIABLE.sub(lambda found: self._variables.get(found[1], found[2] or found[0]), value)
        return value.strip()


def _matches_of_any(tree: Element, selectors: str) -> Iterator[tuple[tuple[int, int, int], Sequence[Element]]]:
    for xpath, specificity in _translated(selectors):
        try:
            yield specificity, tree.xpath(xpath)
        except etree.XPathError:
            continue


@lru_cache(2048)
def _translated(selectors: str) -> tuple[tuple[str, tuple[int, int, int]], ...]:
    translator = cssselect.HTMLTranslator()
    try:
        parsed = [selector for selector in cssselect.parse(selectors) if selector.pseudo_element is None]
        return tuple((translator.selector_to_xpath(selector), selector.specificity()) for selector in parsed)
    except (cssselect.SelectorError, RecursionError, ValueError):
        return ()


def _rules_of(tree: Element) -> Iterator[Rule]:
    left = RULES_MAX
    characters_left = SHEET_CHARACTERS_MAX
    for sheet in tree.iter("style"):
        text = (sheet.text or "")[:characters_left]
        if not text or not media_applies(sheet.get("media") or ""):
            continue
        characters_left -= len(text)
        for rule in _parsed(text)[:left]:
            left -= 1
            yield rule


@lru_cache(32)
def _parsed(sheet: str) -> tuple[Rule, ...]:
    nodes = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    return tuple(_rules(nodes, 0))


def _rules(nodes: Sequence[Any], depth: int) -> Iterator[Rule]:
    for node in nodes:
        if node.type == "qualified-rule":
            found = tuple(_declared(node.content))
            if found:
                yield Rule(tinycss2.serialize(node.prelude).strip(), found)
        elif node.type == "at-rule" and node.content is not None and depth < NESTING_MAX and _is_entered(node):
            inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            yield from _rules(inner, depth + 1)


def _is_entered(rule: Any) -> bool:
    prelude = tinycss2.serialize(rule.prelude).strip().lower()
    match rule.lower_at_keyword:
        case "media":
            return media_applies(prelude)
        case "supports":
            return not prelude.startswith("not")
        case "layer":
            return True
    return False


def media_applies(queries: str) -> bool:
    """Whether a person at a desk sees it so; what else is asked for is taken as not given."""
    return any(map(_query_applies, queries.lower().split(",")))


def _query_applies(query: str) -> bool:
    rest = WIDTH_QUERY.sub("", query)
    words = set(rest.replace("(", " ( ").split()) - {"only", "and", "all", "screen"}
    if words:
        return False
    for bound, number, unit in WIDTH_QUERY.findall(query):
        width = float(number) * (1 if unit == "px" else 16)
        if (bound == "min" and width > MEDIA_WIDTH_PX) or (bound == "max" and width < MEDIA_WIDTH_PX):
            return False
    return True


def _declared(content: Any) -> Iterator[Declaration]:
    for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if node.type == "declaration" and (node.lower_name in PROPERTIES or node.name.startswith("--")):
            # What comments and escapes conceal is plain once the parser has read it.
            yield Declaration(node.lower_name, _plain(node.value), node.important)


def _plain(tokens: Sequence[Any]) -> str:
    parts = [
        token.lower_value if token.type == "ident" else tinycss2.serialize([token]).lower()
        for token in tokens
        if token.type != "comment"
    ]
    return BLANKS.sub(" ", "".join(parts)).strip(" ")


@lru_cache(4096)
def declarations(style: str) -> tuple[Declaration, ...]:
    """Reads the attribute `style`."""
    if TRICKY.search(style):
        return tuple(_declared(style))
    found = []
    for part in style.lower().split(";"):
        name, _, value = part.partition(":")
        if name.strip() in PROPERTIES:
            value, bang, flag = value.partition("!")
            if not bang or flag.strip() == "important":
                found.append(Declaration(name.strip(), " ".join(value.split()), bool(bang)))
    return tuple(found)
