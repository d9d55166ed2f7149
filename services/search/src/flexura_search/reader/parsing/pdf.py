"""PDF documents: the text of their pages."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pypdfium2

from flexura_search.domain.pages import Page
from flexura_search.reader.failures import unreadable
from flexura_search.reader.parsing.characters import line, seen
from flexura_search.reader.parsing.metadata import NAME_MAX, believed_names
from flexura_search.reader.parsing.pdf_sight import remove_unseen
from flexura_search.reader.parsing.titles import TITLE_MAX, is_seen

PAGES_MAX = 200
FIRST_CHARACTERS = 3000
TEXT_CHARACTERS_MAX = 4_000_000
DATE = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:([+-])(\d{2})'?(\d{2})?)?")
HYPHEN = re.compile("(?<=\\w)(?:[-\u2010]|\ufffe|\x02)[ \t]*\n(?=[a-z\u00df-\u00ff])")
WRAPPED = re.compile(r"(?<=[^\s.!?:;。！？])[ \t]*\n(?=[^\W\dA-Z_])")  # noqa: RUF001 - East Asian marks.
# The library says both with one error; these stand in its text.
LOCKED = ("password", "security")


def read_pdf(body: bytes, url: str) -> Page:
    try:
        with closing(pypdfium2.PdfDocument(body)) as document:
            about = document.get_metadata_dict()
            text = seen("\n\n".join(_pages(document))).strip()
    except pypdfium2.PdfiumError as error:
        is_locked = any(word in str(error).lower() for word in LOCKED)
        why = "the document is locked with a password" if is_locked else "the document is broken"
        raise unreadable(url, why) from error
    if not text:
        raise unreadable(url, "the document holds pictures of text and no text")
    return Page(
        url=url,
        final_url=url,
        content_type="application/pdf",
        text=text,
        title=_title(line(about.get("Title"), TITLE_MAX), text),
        author=believed_names(line(about.get("Author"), NAME_MAX), text),
        published_at=read_date(about.get("CreationDate") or ""),
    )


def _title(told: str, text: str) -> str:
    """What the document calls itself, where its first page says so too; else its first line."""
    return told if told and is_seen(told, text[:FIRST_CHARACTERS]) else line(text.partition("\n")[0], TITLE_MAX)


def read_date(value: str) -> datetime | None:
    """Reads `D:20240305143000+01'00'`, any part of it behind the year left out."""
    found = DATE.match(value)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups()[:6])
    try:
        zone = UTC
        if found[7]:
            offset = timedelta(hours=int(found[8]), minutes=int(found[9] or 0))
            zone = timezone(offset if found[7] == "+" else -offset)
        return datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=zone)
    except ValueError:
        return None


def _pages(document: Any) -> Iterator[str]:
    left = TEXT_CHARACTERS_MAX
    for number in range(min(len(document), PAGES_MAX)):
        with closing(document[number]) as page:
            remove_unseen(page)
            with closing(page.get_textpage()) as text_page:
                text = text_page.get_text_range(count=min(left, text_page.count_chars())) if left else ""
        left -= len(text)
        if text.strip():
            yield unwrapped(text)


def unwrapped(text: str) -> str:
    """Joins what was broken to fit the paper."""
    text = HYPHEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return WRAPPED.sub(" ", text.replace("\ufffe", "").replace("\x02", "")).strip()
