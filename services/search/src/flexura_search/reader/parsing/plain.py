"""Text, Markdown, JSON and XML as they are."""

import re
from datetime import datetime

from flexura_search.domain.pages import Page
from flexura_search.domain.urls import without_place
from flexura_search.reader.failures import unreadable
from flexura_search.reader.parsing.bylines import day_beside
from flexura_search.reader.parsing.characters import line, seen
from flexura_search.reader.parsing.charset import decoded
from flexura_search.reader.parsing.dates import read_time
from flexura_search.reader.parsing.metadata import LINKS_MAX, NAME_MAX, absolute, believed_names
from flexura_search.reader.parsing.titles import TITLE_MAX, is_seen

HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$|^(\S[^\n]*)\n(?:={3,}|-{3,})[ \t]*$", re.MULTILINE)
TITLE_WITHIN_CHARACTERS = 4000
TITLE_LINE_CHARACTERS = 120
MATTER = re.compile(r"---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)  # What Markdown files say of themselves.
MATTER_FIELD = re.compile(r"^(title|author|date):[ \t]*(.+?)[ \t]*$", re.MULTILINE)
LINK = re.compile(r"\]\(\s*<?([^\s)>]+)|<(https?://[^\s>]+)>|(?<![\w(<\"'])(https?://[^\s<>\"')\]]+)")
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def read_plain(body: bytes, content_type: str, charset: str, url: str, now: datetime) -> Page:
    text = seen(decoded(body, charset))
    is_markdown = "markdown" in content_type or url.partition("?")[0].endswith((".md", ".markdown"))
    if is_markdown or "xml" in content_type or text.lstrip().startswith("<!--"):
        # Where it is shown, nobody sees a comment.
        text = COMMENT.sub("", text)
    matter = MATTER.match(text) if is_markdown else None
    about = dict(MATTER_FIELD.findall(matter[1])) if matter else {}
    text = (text[matter.end() :] if matter else text).strip()
    if not text:
        raise unreadable(url, "the page holds no text")
    is_prose = not any(kind in content_type for kind in ("json", "xml", "csv"))
    told = line(about.get("title", "").strip("\"'"), TITLE_MAX)
    title = told if told and is_seen(told, text) else _title(text) if is_prose else ""
    return Page(
        url,
        url,
        content_type,
        text,
        title=title,
        author=believed_names(line(about.get("author", "").strip("\"'"), NAME_MAX), text),
        published_at=read_time(about.get("date", "")) or (_day(title, text, now) if is_prose else None),
        links=_links(text, content_type, url),
    )


def _title(text: str) -> str:
    heading = HEADING.search(text[:TITLE_WITHIN_CHARACTERS])
    if heading:
        return line(heading[1] or heading[2], TITLE_MAX)
    first, _, rest = text.partition("\n")
    # A line that stands alone at the top.
    return line(first, TITLE_MAX) if len(first) <= TITLE_LINE_CHARACTERS and rest[:1] == "\n" else ""


def _day(title: str, text: str, now: datetime) -> datetime | None:
    return day_beside(title, [row for row in text[:TITLE_WITHIN_CHARACTERS].splitlines() if row.strip(" =-")], now)


def _links(text: str, content_type: str, url: str) -> tuple[str, ...]:
    if "json" in content_type or "xml" in content_type:
        return ()
    found: dict[str, None] = {}
    for groups in LINK.findall(text):
        link = without_place(absolute(url, next(filter(None, groups)).rstrip(".,;:!?")))
        if link:
            found[link] = None
        if len(found) == LINKS_MAX:
            break
    return tuple(found)
