"""Pages as the web has them, read over HTTP: how much is right, and that nothing unseen reaches an answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from integration.search.web_server import ANY_PORT, LOOPBACK

from flexura_kit.egress import Egress
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.domain.pages import Page
from flexura_search.domain.queries import TextFormat
from flexura_search.reader.pages import Pages, pages

SET = Path(__file__).parents[2] / "data" / "web"
LISTED: list[dict[str, Any]] = json.loads((SET / "index.json").read_text())
RIGHT_SHARE_MIN = 0.95
QUERY = (
    "earlier instructions system prompt secret key report"  # What hidden orders talk of: highlights are to find none.
)
UNSEEN = str.maketrans("", "", "\u00ad\u200b\u2060")
READ_S = 60.0


@dataclass(frozen=True)
class Row:
    """What came of one page."""

    file: str
    title: bool
    date: bool
    text: bool
    clean: bool
    leaked: tuple[str, ...]
    note: str = ""

    @property
    def is_right(self) -> bool:
        return self.title and self.date and self.text

    def __str__(self) -> str:
        marks = " ".join("." if right else "X" for right in (self.title, self.date, self.text, self.clean))
        return f"{self.file:<44} {marks} {len(self.leaked)} {self.note}"


async def served(request: web.BaseRequest) -> web.StreamResponse:
    match request.path:
        case "/round":
            return web.Response(status=302, headers={"Location": "/round"})
        case "/large":
            return web.Response(body=b"<p>all of it</p>" * (20 << 16), content_type="text/html")
    for entry in LISTED:
        if entry["path"] == request.path_qs:
            body = (SET / "pages" / entry["file"]).read_bytes()
            return web.Response(body=body, headers={"Content-Type": entry["content_type"]})
    return web.Response(status=404)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(served), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader() -> AsyncIterator[Pages]:
    async with pages(Egress(LOOPBACK), ports=ANY_PORT, workers=2) as one:
        yield one


@pytest.mark.asyncio(loop_scope="module")
async def test_nearly_all_pages_are_read_right_and_nothing_unseen_is_answered(
    site: str, reader: Pages, capsys: pytest.CaptureFixture[str]
) -> None:
    readable = [entry for entry in LISTED if entry["readable"]]
    rows = await asyncio.gather(*(row_of(site, reader, entry) for entry in readable))
    right = [row for row in rows if row.is_right]
    with capsys.disabled():
        print(f"\nreading set: {len(right)} of {len(rows)} right in title, date and main text", end="")  # noqa: T201
    wrong = "\n".join(map(str, (row for row in rows if not (row.is_right and row.clean) or row.leaked)))
    assert [leak for row in rows for leak in row.leaked] == [], wrong
    assert len(right) >= RIGHT_SHARE_MIN * len(rows), wrong


@pytest.mark.asyncio(loop_scope="module")
async def test_what_holds_nothing_to_read_says_so(site: str, reader: Pages) -> None:
    for entry in LISTED:
        if not entry["readable"]:
            error = await refusal(reader, site + entry["path"])
            assert (error.kind, error.reason) == (Kind.REFUSED, Reason.PAGE_UNREADABLE), entry["file"]
            assert not any(hidden in repr(error) for hidden in entry["hidden"])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/round", "/large"])
async def test_what_has_no_end_is_given_up(site: str, reader: Pages, path: str) -> None:
    assert (await refusal(reader, site + path)).reason is Reason.PAGE_UNREADABLE


async def row_of(site: str, reader: Pages, entry: dict[str, Any]) -> Row:
    try:
        text = await reader.read(site + entry["path"], TextFormat.TEXT, QUERY, READ_S)
        marked = await reader.read(site + entry["path"], TextFormat.MARKDOWN, QUERY, READ_S)
    except FlexuraError as error:
        return Row(entry["file"], title=False, date=False, text=False, clean=True, leaked=(), note=error.message)
    whole = folded(text.text)
    missing = [part for part in entry["must_contain"] if folded(part) not in whole]
    extra = [part for part in entry["must_not_contain"] if folded(part) in whole]
    is_title = entry["title"] is None or folded(text.title) == folded(entry["title"])
    day = text.published_at.date().isoformat() if text.published_at else None
    notes = [] if is_title else [f"title {text.title!r}"]
    is_date = day in (entry["date"], entry.get("also_date"))
    notes += [] if is_date else [f"date {day} for {entry['date']}"]
    notes += [f"missing {missing}"] if missing else []
    notes += [f"extra {extra}"] if extra else []
    return Row(
        entry["file"],
        title=is_title,
        date=is_date,
        text=not missing,
        clean=not extra,
        leaked=tuple(hidden for hidden in entry["hidden"] for page in (text, marked) if is_in(hidden, page)),
        note="; ".join(notes),
    )


def is_in(hidden: str, page: Page) -> bool:
    """Looks into every field, as it stands and folded."""
    everything = json.dumps(asdict(page), ensure_ascii=False, default=str)
    return hidden in everything or folded(hidden) in folded(everything)


def folded(text: str) -> str:
    return " ".join(text.translate(UNSEEN).split())


async def refusal(reader: Pages, address: str) -> FlexuraError:
    with pytest.raises(FlexuraError) as refused:
        await reader.read(address, TextFormat.TEXT, "", READ_S)
    return refused.value
