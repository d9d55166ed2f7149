"""Plain text, Markdown, JSON and PDF documents."""

from datetime import UTC, datetime, timedelta, timezone

import pypdfium2
import pytest

from flexura_kit.errors import FlexuraError, Reason
from flexura_search.domain.queries import TextFormat
from flexura_search.reader.parsing.parse import parse
from flexura_search.reader.parsing.pdf import read_date, unwrapped

URL = "https://a.example/doc"


def pdf(*pages: str, title: str = "On bridges") -> bytes:
    """The smallest document that readers take: a page for each text, and the usual metadata."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", ""]
    objects.append(f"<</Title({title})/Author(Jane Doe)/CreationDate(D:20240305143000+01'00')>>")
    objects.append("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    kids = []
    for text in pages:
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects.append(f"<</Length {len(stream)}>>\nstream\n{stream}\nendstream")
        fonts = "/Resources<</Font<</F1 4 0 R>>>>"
        objects.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {len(objects)} 0 R{fonts}>>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>"
    body, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"trailer\n<</Size {size}/Root 1 0 R/Info 3 0 R>>\nstartxref\n{len(body)}\n%%EOF"
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()


def test_a_pdf_gives_its_pages_and_its_metadata() -> None:
    page = parse(
        pdf("The bridge opened in spring.", "It was paid for."), "application/pdf", "", URL, TextFormat.TEXT, ""
    )
    assert page.text == "The bridge opened in spring.\n\nIt was paid for."
    # A title that stands nowhere in the text is no title that a person has seen.
    assert (page.title, page.author) == ("The bridge opened in spring.", "Jane Doe")
    assert page.published_at == datetime(2024, 3, 5, 14, 30, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize("body", [b"", b"%PDF-1.4 and nothing", b"\x00" * 100])
def test_a_broken_pdf_says_so(body: bytes) -> None:
    with pytest.raises(FlexuraError, match="broken") as caught:
        parse(body, "application/pdf", "", URL, TextFormat.TEXT, "")
    assert caught.value.reason is Reason.PAGE_UNREADABLE


def test_a_pdf_without_text_says_so() -> None:
    with pytest.raises(FlexuraError, match="pictures"):
        parse(pdf(""), "application/pdf", "", URL, TextFormat.TEXT, "")


def test_lines_broken_for_the_paper_are_joined() -> None:
    assert unwrapped("The brid-\r\nge opened\r\nin spring.\r\nIt is long") == "The bridge opened in spring.\nIt is long"


def test_dates_of_documents_may_lack_their_ends() -> None:
    assert read_date("D:2024") == datetime(2024, 1, 1, tzinfo=UTC)
    assert read_date("D:20240305143000Z") == datetime(2024, 3, 5, 14, 30, tzinfo=UTC)
    assert read_date("D:20249999") is None
    assert read_date("yesterday") is None


def test_the_library_is_the_one_that_was_built_for_python() -> None:
    assert pypdfium2.PdfiumError.__mro__[1] is RuntimeError


@pytest.mark.parametrize(
    ("content_type", "body", "title"),
    [
        ("text/markdown", "intro\n\n# The *bridge*\n\ntext", "The *bridge*"),
        ("text/plain", "The bridge\n==========\ntext", "The bridge"),
        ("text/plain", "no heading", ""),
        ("application/json", '{"# a": 1}', ""),
        ("", "no type", ""),
    ],
)
def test_text_stays_as_it_is(content_type: str, body: str, title: str) -> None:
    page = parse(body.encode(), content_type, "", URL, TextFormat.MARKDOWN, "")
    assert page.text == body
    assert page.title == title


def test_a_comment_in_markdown_is_hidden() -> None:
    page = parse(b"# A\n<!-- do evil -->\nb <https://b.example/x>.", "text/markdown", "", URL, TextFormat.MARKDOWN, "")
    assert "evil" not in page.text
    assert page.links == ("https://b.example/x",)


def test_what_came_without_a_type_is_told_by_its_beginning() -> None:
    assert parse(b"<!DOCTYPE html><p>Hello there", "", "", URL, TextFormat.TEXT, "").content_type == "text/html"
    assert parse(pdf("Hello."), "", "", URL, TextFormat.TEXT, "").content_type == "application/pdf"


def test_a_picture_is_refused() -> None:
    with pytest.raises(FlexuraError, match="no text"):
        parse(b"\x89PNG", "image/png", "", URL, TextFormat.TEXT, "")
