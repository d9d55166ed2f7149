"""From a body to a page, whatever kind it is of."""

from dataclasses import replace
from datetime import UTC, datetime

from flexura_search.domain.pages import Page
from flexura_search.domain.queries import TextFormat
from flexura_search.reader.failures import unreadable
from flexura_search.reader.parsing.highlights import highlights
from flexura_search.reader.parsing.html import read_html
from flexura_search.reader.parsing.kinds import Parser, kind_of, parser_of
from flexura_search.reader.parsing.pdf import read_pdf
from flexura_search.reader.parsing.plain import read_plain

TEXT_CHARACTERS_MAX = 2_000_000


def parse(
    body: bytes,
    content_type: str,
    charset: str,
    url: str,
    text_format: TextFormat,
    query: str,
    now: datetime | None = None,
) -> Page:
    """Reads a body, with highlights where the query is not empty; raises FlexuraError where it holds no text."""
    now = now or datetime.now(UTC)
    kind = kind_of(body, content_type)
    match parser_of(kind):
        case Parser.HTML:
            page = read_html(body, charset, url, text_format, now)
        case Parser.XHTML:
            page = read_html(body, charset, url, text_format, now, is_xml=True)
        case Parser.PDF:
            page = read_pdf(body, url)
        case Parser.PLAIN:
            page = read_plain(body, kind, charset, url, now)
        case None:
            raise unreadable(url, "this is of a kind that holds no text that can be read")
    page = replace(page, content_type=kind, text=page.text[:TEXT_CHARACTERS_MAX])
    return replace(page, highlights=highlights(page.text, query)) if query.strip() else page
