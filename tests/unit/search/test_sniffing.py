"""What an answer is taken for: labels as browsers read them, bytes before labels, nothing hidden under any label."""

import gzip
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flexura_kit.errors import FlexuraError
from flexura_search.domain.pages import Page
from flexura_search.domain.queries import TextFormat
from flexura_search.reader.parsing.kinds import kind_of
from flexura_search.reader.parsing.parse import parse
from flexura_search.reader.sniffing.mime import MIMEType, extracted

URL = "https://a.example/page"
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
PAGE = "<html><head><title>Tides</title></head><body><p>The tide table hangs at the sill here.</p></body></html>"


@pytest.mark.parametrize(
    ("values", "essence", "charset"),
    [
        (["text/html"], "text/html", ""),
        (["TEXT/HTML; Charset=UTF-8"], "text/html", "UTF-8"),
        (['text/html;charset="utf-8"; x=y'], "text/html", "utf-8"),
        (["text/html, text/html; charset=utf-8"], "text/html", "utf-8"),
        (["text/html; charset=utf-8, text/html"], "text/html", "utf-8"),
        (["text/html;charset=gbk", "text/plain"], "text/plain", ""),
        (["text/plain;charset=gbk", "text/html;charset=utf-8", "text/html"], "text/html", "utf-8"),
        (["text/html", "*/*"], "text/html", ""),
        (["text/html", "cannot be read"], "text/html", ""),
        (['text/html;x="a,b";charset=utf-8'], "text/html", "utf-8"),
        (["text/html;charset=utf-8;charset=gbk"], "text/html", "utf-8"),
        (["text/html ; charset = utf-8"], "text/html", ""),
    ],
)
def test_types_are_extracted_as_the_fetch_standard_says(values: list[str], essence: str, charset: str) -> None:
    assert extracted(values) == MIMEType(essence, charset)


@pytest.mark.parametrize("value", ["", " ", "text", "text/", "/html", ";charset=utf-8", "text html", "ü/ü"])
def test_half_a_type_is_none(value: str) -> None:
    assert extracted([value]) is None
    assert extracted([]) is None


@pytest.mark.parametrize(
    ("body", "essence", "kind"),
    [
        # Without a label, by the table of the MIME Sniffing standard.
        (b"<!DOCTYPE HTML>", "", "text/html"),
        (b"\n\t <ScRiPt>", "", "text/html"),
        (b"<div\n>x", "", "text/html"),
        (b"<!-- built --> words", "", "text/html"),
        (b"<br>x", "*/*", "text/html"),
        (b"<p>x", "unknown/unknown", "text/html"),
        (b"<brx>x", "", "text/plain"),
        (b"<a@b.example>", "", "text/plain"),
        (b"<?xml version='1.0'?><note/>", "", "text/xml"),
        (b"%PDF-1.7", "", "application/pdf"),
        (b"\xef\xbb\xbf<html>", "", "text/html"),
        ("\ufeff<html>".encode("utf-16-le"), "", "text/html"),
        ("<html><p>".encode("utf-16-be"), "", "text/html"),
        (b"\xef\xbb\xbftext", "", "text/plain"),
        (b"words\x00\x01", "", "application/octet-stream"),
        (b"words \x1b[1m", "", "text/plain"),
        (b"\x89PNG\r\n\x1a\n", "", "image/png"),
        (b"PK\x03\x04", "application/octet-stream", "application/zip"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8", "", "image/webp"),
        (b"BMW builds cars", "", "text/plain"),
        # The bytes against the label.
        (b"%PDF-1.4\n", "text/html", "application/pdf"),
        (b"%PDF-1.4\n", "text/plain", "application/pdf"),
        (b"%PDF-1.4\n", "binary/octet-stream", "application/pdf"),
        (b"%PDF-1.4\n", "application/force-download", "application/pdf"),
        (b"<!DOCTYPE html><p>", "application/pdf", "text/html"),
        (b"<html>", "application/json", "text/html"),
        (b"<html>", "text/plain", "text/html"),
        (b"<html>", "text/markdown", "text/html"),
        (b"Warning in line 3\n<html><body><p>x</p></body></html>\n", "text/plain", "text/html"),
        (b"<rss version='2.0'></rss>", "text/html", "text/xml"),
        (b"<svg><text>x</text></svg>", "text/plain", "image/svg+xml"),
        (b"<?xml version='1.0'?><svg/>", "text/xml", "image/svg+xml"),
        (b"<?xml version='1.0'?><!DOCTYPE html><html/>", "text/xml", "application/xhtml+xml"),
        (
            b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n",
            "",
            "multipart/related",
        ),
        (b"{\\rtf1 x}", "text/plain", "application/rtf"),
        # What stays what it is called.
        (b"# A\n", "text/markdown", "text/markdown"),
        (b"<p align='center'>x</p>\n\n# A\n", "text/markdown", "text/markdown"),
        (b"The tag `<html>` begins a page.", "text/plain", "text/plain"),
        (b"template = '<html>'", "text/x-python", "text/x-python"),
        (b"a: 1", "application/yaml", "application/yaml"),
        (b"a\tb", "text/tab-separated-values", "text/tab-separated-values"),
        (b"<table><row/></table>", "application/xml", "application/xml"),
        (b"", "application/pdf", "application/pdf"),
    ],
)
def test_bytes_decide_and_labels_propose(body: bytes, essence: str, kind: str) -> None:
    assert kind_of(body, essence) == kind


LABEL_NAMES = (
    "*/* unknown/unknown application/octet-stream binary/octet-stream application/x-download text/html text/plain "
    "text/markdown text/x-markdown text/csv text/xml application/xml application/xhtml+xml application/atom+xml "
    "application/json application/ld+json application/pdf text/css text/javascript application/yaml text/vtt"
)
LABELS = st.sampled_from(["", *LABEL_NAMES.split()])
PREFIXES = st.lists(
    st.sampled_from(
        [
            *("", " ", "\n", "\t\r\n\x0c", "\ufeff", "\u200b", "\xa0", "</x>", "<!>", "<?php ?>"),
            *("<!-- c -->", "<!---->", "<!-->", "<!-- a --!>", "<!-- > <p> -->", "<![CDATA[ c ]]>"),
            *('<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8" ?>\n', '<?xml-stylesheet href="a"?>'),
            *("<!DOCTYPE html>", "<!doctype HTML PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x'>"),
            *('<!DOCTYPE html [<!ENTITY a "b">]>', "<!DOCTYPE\nhtml\n>", f"<!-- {'x' * 5000} -->"),
        ]
    ),
    max_size=4,
).map("".join)
HIDING = st.sampled_from(
    [
        "<p hidden>{}</p>",
        "<P HIDDEN=''>{}</P>",
        '<p style="display:none">{}</p>',
        '<div style="position:absolute; left:-9999px">{}</div>',
        '<p style="color:#fff;background:#fff">{}</p>',
        '<style>.x{{display:none}}</style><p class="x">{}</p>',
        "<template><p>{}</p></template>",
        "<script>var a = '{}'</script>",
        "<!-- {} -->",
        '<p title="{}">seen</p>',
    ]
)
ROOTS = st.sampled_from(
    [
        "<html><head><title>T</title></head><body>{}</body></html>",
        "<HTML\n><body>{}</body></HTML>",
        f"<html {XHTML}><head><title>T</title></head><body>{{}}</body></html>",
        "<body>{}</body>",
        "<head></head>{}",
    ]
)
ENCODINGS = st.sampled_from(["utf-8", "utf-16-le", "utf-16"])


def every_field(page: Page) -> str:
    return repr(page)


def read(body: bytes, label: str) -> str:
    try:
        return every_field(parse(body, label, "", URL, TextFormat.TEXT, "words of the sill and earlier instructions"))
    except FlexuraError as error:
        return error.message


@given(LABELS, PREFIXES, ROOTS, HIDING, ENCODINGS)
@example("", "<!-- 2026 -->\n<!DOCTYPE html>", "<html><body>{}</body></html>", "<p hidden>{}</p>", "utf-8")
@example("text/xml", "", f"<html {XHTML}><body>{{}}</body></html>", "<br hidden=''>{}</br>", "utf-8")
@settings(max_examples=250, deadline=None)
def test_nothing_hidden_comes_out_of_a_page_whatever_stands_before_it_or_on_its_label(
    label: str, prefix: str, root: str, hiding: str, encoding: str
) -> None:
    inner = hiding.format("SECRETORDER") + "<p>The tide table hangs at the sill of the harbour, for all to see.</p>"
    body = (prefix + root.format(inner)).encode(encoding)
    assert "SECRETORDER" not in read(body, label)


@given(LABELS, PREFIXES)
@settings(max_examples=100, deadline=None)
def test_a_page_is_read_whatever_stands_before_it_or_on_its_label(label: str, prefix: str) -> None:
    assert "hangs at the sill" in read((prefix + PAGE).encode(), label)


@pytest.mark.parametrize("prefix", ["", "<!-- built 2026 -->\n", '<?xml version="1.0"?>\n', "\n\n", "\ufeff", "</p>"])
@pytest.mark.parametrize("label", ["", "*/*", "text/plain", "application/octet-stream", "application/json"])
@pytest.mark.parametrize("tag", ["div", "p", "section", "span", "a", "center", "table", "style"])
def test_a_part_of_a_page_hides_nothing_either(prefix: str, label: str, tag: str) -> None:
    body = f"{prefix}<{tag}></{tag}><div hidden>SECRETORDER</div><p>The tide table hangs at the sill.</p>"
    assert "SECRETORDER" not in read(body.encode(), label)


def xhtml(inner: str) -> bytes:
    return f'<?xml version="1.0"?><html {XHTML} xmlns:h="http://www.w3.org/1999/xhtml"><body>{inner}</body></html>'.encode()


@pytest.mark.parametrize(
    "inner",
    [
        '<br style="display:none">SECRETORDER</br><p>Seen words.</p>',
        "<img>SECRETORDER</img><p>Seen words.</p>",
        "<h:script>SECRETORDER</h:script><p>Seen words.</p>",
        "<p>Seen words.</p><h:div hidden='hidden'>SECRETORDER</h:div>",
        "<p>Seen words.</p><svg xmlns='http://www.w3.org/2000/svg'><desc>SECRETORDER</desc></svg>",
    ],
)
@pytest.mark.parametrize("label", ["", "text/xml", "application/xml", "application/xhtml+xml", "application/atom+xml"])
def test_in_xml_elements_end_where_xml_says(inner: str, label: str) -> None:
    said = read(xhtml(inner), label)
    assert "SECRETORDER" not in said
    assert "Seen words." in said


def test_in_xml_an_empty_element_hides_nothing_behind_it() -> None:
    said = read(xhtml("<script src='a'/><div hidden='hidden'/><p>Seen&#160;words&nbsp;of&eacute;.</p>"), "text/xml")
    assert "Seen words ofé." in said


def test_elements_of_html_in_another_document_of_xml_hide_as_in_a_page() -> None:
    part = f"<div {XHTML}><p>Seen words.</p><p hidden=''>SECRETORDER</p></div>"
    body = f"<feed><title>Tides</title><entry>{part}</entry></feed>"
    said = read(body.encode(), "application/atom+xml")
    assert "SECRETORDER" not in said
    assert "Seen words." in said
    assert "Tides" in said


@pytest.mark.parametrize(
    ("text", "breaks"),
    [
        (
            "Das Fährhaus öffnet früh, und die Flut überströmt die Schwelle für eine Stunde täglich.",
            lambda b: b"\xff" + b,
        ),
        ("港の敷居は三十一デシメートルの深さです。大潮の満潮はその上に五十二デシメートルあります。", lambda b: b[:-1]),
        ("Порог гавани был углублён в марте до тридцати одного дециметра.", lambda b: b[:40] + b"\xd0" + b[40:]),
    ],
)
@pytest.mark.parametrize("charset", ["", "iso-8859-1", "utf-8"])
def test_what_is_nearly_utf_8_is_utf_8(text: str, breaks: Callable[[bytes], bytes], charset: str) -> None:
    page = parse(breaks(text.encode()), "text/plain", charset, URL, TextFormat.TEXT, "")
    assert page.text.strip("\ufffd")[:10] == text[:10]


NOISE = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(125))
NO_TEXT = {
    "zip": b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + NOISE,
    "gif": b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + NOISE,
    "mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00" + NOISE,
    "png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + NOISE,
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + NOISE,
    "gzip": gzip.compress(NOISE),
    "noise": NOISE,
    "utf-32 without a mark": ("<html><body><p hidden>words</p>" * 9).encode("utf-32-le"),
}


@pytest.mark.parametrize("label", ["text/html", "application/xhtml+xml", "text/plain", "application/octet-stream", ""])
@pytest.mark.parametrize("name", NO_TEXT)
def test_what_is_no_text_is_not_read_under_any_label(name: str, label: str) -> None:
    assert read(NO_TEXT[name], label).startswith("this is of a kind that holds no text")


@pytest.mark.parametrize("stray", [b"\x00", b"\x01", b"\x0b", b"\x1f", b"\x1b(B"])
def test_a_page_may_hold_stray_bytes(stray: bytes) -> None:
    body = (
        b"<!DOCTYPE html><html><body><p>The tide "
        + stray
        + b"table hangs at the sill of the harbour.</p></body></html>"
    )
    assert kind_of(body, "text/html") == "text/html"


@pytest.mark.parametrize("label", ["text/plain", "text/html", "", "application/octet-stream", "application/json"])
@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be", "utf-8"])
@pytest.mark.parametrize("between", ["", "\x00"])
def test_a_mark_of_the_encoding_hides_no_page(label: str, encoding: str, between: str) -> None:
    parts = "<p>The tide table hangs at the sill of the harbour.</p><p hidden>earlier</p>"
    page = f"<!DOCTYPE html><html><body>{parts}</body></html>"
    text = read(("\ufeff" + between.join(page)).encode(encoding), label)
    assert "hidden" not in text
    assert "earlier" not in text
    if not between:
        assert "The tide table hangs" in text
