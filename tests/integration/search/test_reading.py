"""Pages from their address to their passages, through real workers."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from integration.search.web_server import ANY_PORT, LOOPBACK, Site, site

from flexura_kit.egress import Egress
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.domain.queries import TextFormat
from flexura_search.reader.pages import Pages, pages
from flexura_search.reader.workers import Workers, parsing_workers

TEXT = TextFormat.TEXT


@pytest_asyncio.fixture
async def web_site() -> AsyncIterator[Site]:
    async with site() as served:
        yield served


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[Pages]:
    async with pages(Egress(LOOPBACK), ports=ANY_PORT, workers=1) as one:
        yield one


async def failure(reader: Pages, address: str, timeout_s: float = 20) -> FlexuraError:
    with pytest.raises(FlexuraError) as caught:
        await reader.read(address, TEXT, "", timeout_s)
    assert caught.value.metadata == {"url": address}
    return caught.value


async def test_a_page_is_read_with_its_passages_and_kept(reader: Pages, web_site: Site) -> None:
    address = f"{web_site.url}/to//page"
    page = await reader.read(address, TEXT, "trains", 20)
    assert (page.url, page.final_url, page.title) == (address, f"{web_site.url}/page", "A bridge")
    assert page.highlights[0].text in page.text
    again = await reader.read(address, TEXT, "people", 20)
    assert again.highlights
    assert (await reader.read(address, TEXT, "", 20)).highlights == ()
    assert web_site.hits["/page"] == 1


async def test_a_site_is_asked_once_what_robots_may_read(reader: Pages, web_site: Site) -> None:
    await asyncio.gather(*(reader.read(f"{web_site.url}/page?{number}", TEXT, "", 20) for number in range(8)))
    assert web_site.hits["/robots.txt"] == 1


async def test_the_same_page_asked_for_at_once_is_fetched_once(reader: Pages, web_site: Site) -> None:
    read = await asyncio.gather(
        *(reader.read(f"{web_site.url}/slow", TEXT, query, 20) for query in ("", "trains", "x"))
    )
    assert web_site.hits["/slow"] == 1
    assert [bool(page.highlights) for page in read] == [False, True, False]


async def test_one_who_gives_up_takes_nobody_along(reader: Pages, web_site: Site) -> None:
    patient = asyncio.create_task(reader.read(f"{web_site.url}/slow", TEXT, "", 20))
    await asyncio.sleep(0)
    error = await failure(reader, f"{web_site.url}/slow", 0.05)
    assert (error.kind, error.reason) == (Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED)
    assert (await patient).title == "A bridge"
    assert web_site.hits["/slow"] == 1


async def test_a_host_is_asked_for_two_pages_at_once(reader: Pages, web_site: Site) -> None:
    async def slow(number: int) -> None:
        await reader.read(f"{web_site.url}/slow?{number}", TEXT, "", 20)

    await reader.read(f"{web_site.url}/page", TEXT, "", 20)
    web_site.at_once_max = 0
    await asyncio.gather(*map(slow, range(6)))
    assert web_site.at_once_max == 2


@pytest.mark.parametrize(
    ("path", "kind", "reason"),
    [
        ("/status/404", Kind.NOT_FOUND, Reason.PAGE_NOT_FOUND),
        ("/status/410", Kind.NOT_FOUND, Reason.PAGE_NOT_FOUND),
        ("/status/401", Kind.DENIED, Reason.PAGE_REFUSED),
        ("/status/403", Kind.DENIED, Reason.PAGE_REFUSED),
        ("/status/429", Kind.DENIED, Reason.PAGE_REFUSED),
        ("/status/451", Kind.DENIED, Reason.PAGE_REFUSED),
        ("/status/500", Kind.BUSY, Reason.PAGE_UNREACHABLE),
        ("/status/204", Kind.BUSY, Reason.PAGE_UNREACHABLE),
        ("/wall", Kind.REFUSED, Reason.PAGE_UNREADABLE),
        ("/type/application/zip", Kind.REFUSED, Reason.PAGE_UNREADABLE),
        ("/to/http://10.0.0.1/", Kind.INVALID, Reason.ADDRESS_REFUSED),
    ],
)
async def test_what_cannot_be_read_says_why(
    reader: Pages, web_site: Site, path: str, kind: Kind, reason: Reason
) -> None:
    error = await failure(reader, web_site.url + path)
    assert (error.kind, error.reason) == (kind, reason)


async def test_robots_keep_us_from_a_page_and_from_where_it_redirects(reader: Pages, web_site: Site) -> None:
    web_site.robots = web.Response(text="User-agent: *\nDisallow: /page")
    for path in ("/page", "/to//page"):
        error = await failure(reader, web_site.url + path)
        assert (error.kind, error.reason) == (Kind.DENIED, Reason.PAGE_REFUSED)
    assert web_site.hits["/page"] == 0


async def test_a_wrongly_declared_page_is_read(reader: Pages, web_site: Site) -> None:
    assert "Brücke über den Fluß" in (await reader.read(f"{web_site.url}/latin", TEXT, "", 20)).text


async def test_what_may_not_be_stored_is_asked_for_again(reader: Pages, web_site: Site) -> None:
    web_site.extra = {"Cache-Control": "no-store"}
    for _ in range(2):
        await reader.read(f"{web_site.url}/page", TEXT, "", 20)
    assert web_site.hits["/page"] == 2


async def test_a_worker_that_dies_or_hangs_takes_one_page_along() -> None:
    async with parsing_workers(1, timeout_s=2) as workers:
        assert (await parsed(workers)) == "hello"
        harms = ((os._exit, 11, "understood"), (time.sleep, 60, "too long"), (bytearray, 4 << 30, "too large"))
        for harm, argument, words in harms:
            with pytest.raises(FlexuraError, match=words) as caught:
                await workers._run("http://a.example/", harm, (argument,))  # noqa: SLF001 - no page is known to do it.
            assert caught.value.reason is Reason.PAGE_UNREADABLE
            assert (await parsed(workers)) == "hello"


async def test_workers_that_died_idle_are_replaced() -> None:
    async with parsing_workers(1) as workers:
        pid = await workers._run("", os.getpid, ())  # noqa: SLF001 - as above.
        os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.3)
        assert (await parsed(workers)) == "hello"


async def test_more_than_may_wait_are_turned_away() -> None:
    workers = Workers(1, waiting_max=1)
    try:
        answers = await asyncio.gather(*(parsed(workers) for _ in range(4)), return_exceptions=True)
    finally:
        await workers.close()
    errors = [answer for answer in answers if isinstance(answer, FlexuraError)]
    assert answers.count("hello") == 2
    assert [(error.kind, error.reason) for error in errors] == [(Kind.BUSY, Reason.OVERLOADED)] * 2


async def parsed(workers: Workers) -> str:
    page = await workers.parse(b"hello", "text/plain", "", "http://a.example/", TEXT, "")
    return page.text
