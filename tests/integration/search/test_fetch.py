"""One page over HTTP: what is followed, what is counted, and what is refused with which words."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from time import monotonic

import pytest
import pytest_asyncio
from aiohttp import web
from integration.search.web_server import ANY_PORT, HTML, LOOPBACK, Site, site
from yarl import URL

from flexura_kit.egress import Egress
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.reader.fetch import Fetched, Fetcher, fetcher
from flexura_search.reader.http_cache import CachedFetcher, fresh_for
from flexura_search.reader.politeness import Politeness
from flexura_search.reader.robots import Robots


@pytest_asyncio.fixture
async def web_site() -> AsyncIterator[Site]:
    async with site() as served:
        yield served


@pytest_asyncio.fixture
async def fetching() -> AsyncIterator[Fetcher]:
    async with fetcher(Egress(LOOPBACK), "mailto:a@b.example", ANY_PORT) as one:
        yield one


async def failure(fetching: Fetcher, address: str, timeout_s: float = 5) -> FlexuraError:
    with pytest.raises(FlexuraError) as caught:
        await fetching.fetch(address, timeout_s)
    assert caught.value.metadata["url"]
    assert "Errno" not in caught.value.message
    assert "127.0.0.1" not in caught.value.message
    return caught.value


@pytest.mark.parametrize("path", ["/page", "/gzip", "/deflate", "/hops/5", "/to//page", "/cookie"])
async def test_a_page_is_fetched(fetching: Fetcher, web_site: Site, path: str) -> None:
    fetched = await fetching.fetch(web_site.url + path, 5)
    assert fetched.status == 200
    assert fetched.body == HTML.encode()
    assert fetched.content_type == "text/html"


async def test_we_say_who_we_are_and_not_where_we_come_from(
    fetching: Fetcher, web_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    fetched = await fetching.fetch(f"{web_site.url}/to//page#part", 5)
    assert fetched.final_url == f"{web_site.url}/page"
    headers = web_site.headers["/page"]
    assert headers["user-agent"] == "FlexuraReader/1.0 (+mailto:a@b.example)"
    assert "referer" not in headers


async def test_a_cookie_lives_as_long_as_its_fetch(fetching: Fetcher, web_site: Site) -> None:
    for _ in range(2):
        await fetching.fetch(f"{web_site.url}/cookie", 5)
    assert web_site.hits["/cookie"] == 4
    await fetching.fetch(f"{web_site.url}/page", 5)
    assert "cookie" not in web_site.headers["/page"]


@pytest.mark.parametrize(
    ("path", "reason", "words"),
    [
        ("/hops/6", Reason.PAGE_UNREADABLE, "redirects more than 5 times"),
        ("/endless", Reason.PAGE_UNREADABLE, "redirects more than 5 times"),
        ("/large", Reason.PAGE_UNREADABLE, "larger than 10 MiB"),
        ("/bomb", Reason.PAGE_UNREADABLE, "larger than 10 MiB"),
        ("/broken-gzip", Reason.PAGE_UNREADABLE, "packed"),
        ("/half-gzip", Reason.PAGE_UNREACHABLE, "breaks off"),
        ("/brotli", Reason.PAGE_UNREADABLE, "packed"),
        ("/picture", Reason.PAGE_UNREADABLE, "holds no text"),
        ("/type/application/zip", Reason.PAGE_UNREADABLE, "holds no text"),
        ("/to/ftp://a.example/", Reason.ADDRESS_REFUSED, "http://"),
        ("/to/http://[broken", Reason.ADDRESS_REFUSED, "understood"),
    ],
)
async def test_what_is_not_read_says_why(
    fetching: Fetcher, web_site: Site, path: str, reason: Reason, words: str
) -> None:
    error = await failure(fetching, web_site.url + path)
    assert error.reason is reason
    assert words in error.message


async def test_a_drip_ends_with_the_time(fetching: Fetcher, web_site: Site) -> None:
    begun = monotonic()
    error = await failure(fetching, f"{web_site.url}/drip", 0.5)
    assert (error.kind, error.reason) == (Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED)
    assert monotonic() - begun < 2


async def test_nobody_there_and_no_tls_are_told(fetching: Fetcher, web_site: Site) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        error = await failure(fetching, f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert (error.kind, error.reason) == (Kind.BUSY, Reason.PAGE_UNREACHABLE)
    error = await failure(fetching, web_site.url.replace("http:", "https:"))
    assert error.reason is Reason.PAGE_UNREACHABLE


@pytest.mark.parametrize(
    "address",
    ["ftp://a.example/", "file:///etc/passwd", "a.example", "http://", "http://u:p@a.example/", "http://a:99999/"],
)
async def test_an_address_that_is_none_of_the_web_is_refused(fetching: Fetcher, address: str) -> None:
    assert (await failure(fetching, address)).reason is Reason.ADDRESS_REFUSED


async def test_only_ports_of_the_web_are_asked(web_site: Site) -> None:
    async with fetcher(Egress(LOOPBACK)) as careful:
        error = await failure(careful, web_site.url)
    assert error.reason is Reason.ADDRESS_REFUSED
    assert not web_site.hits


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, 300),
        ({"cache-control": "no-store"}, None),
        ({"cache-control": "private, max-age=60"}, None),
        ({"cache-control": "no-cache"}, 0),
        ({"cache-control": "public, max-age=60"}, 60),
        ({"cache-control": "max-age=60", "age": "45"}, 15),
        ({"cache-control": "max-age=999999999999999"}, 3600),
        ({"expires": "0"}, 0),
    ],
)
def test_sites_say_how_long_a_body_is_fresh(header: dict[str, str], expected: float | None) -> None:
    assert fresh_for(Fetched("http://a.example/", 200, headers=header)) == expected


async def test_a_stale_body_is_asked_about_and_not_sent_again(fetching: Fetcher, web_site: Site) -> None:
    now = 0.0
    cached = CachedFetcher(fetching, clock=lambda: now)
    web_site.extra = {"ETag": '"1"', "Cache-Control": "max-age=10"}
    for _ in range(2):
        assert (await cached.fetch(f"{web_site.url}/page", 5)).fetched.body == HTML.encode()
    assert web_site.hits["/page"] == 1
    now = 11.0
    assert (await cached.fetch(f"{web_site.url}/page", 5)).fetched.body == HTML.encode()
    assert web_site.hits["/page"] == 2
    assert web_site.headers["/page"]["if-none-match"] == '"1"'


async def test_kept_bodies_take_no_more_than_their_bytes(fetching: Fetcher, web_site: Site) -> None:
    cached = CachedFetcher(fetching, bytes_max=2 * (len(HTML) + 1024))
    for path in ("/one", "/two", "/three", "/one"):
        await cached.fetch(web_site.url + path, 5)
    assert web_site.hits["/one"] == 2
    assert web_site.hits["/three"] == 1


@pytest.mark.parametrize(
    ("status", "body", "is_allowed"),
    [
        (200, "User-agent: *\nDisallow: /p", False),
        (200, "User-agent: FlexuraReader\nDisallow:\n\nUser-agent: *\nDisallow: /", True),
        (200, "User-agent: flexurareader\nDisallow: /", False),
        (200, "\x00\xff<html>", True),
        (404, "", True),
        (403, "", True),
        (500, "", False),
        (503, "", False),
    ],
)
async def test_robots_are_asked_once_in_an_hour(
    fetching: Fetcher, web_site: Site, status: int, body: str, *, is_allowed: bool
) -> None:
    web_site.robots = web.Response(status=status, text=body)
    now = 0.0
    robots = Robots(fetching, lambda: now)
    address = f"{web_site.url}/page"
    for _ in range(2):
        rules = await robots.rules(URL(address))
        if is_allowed:
            rules.check(address)
        else:
            with pytest.raises(FlexuraError) as caught:
                rules.check(address)
            assert (caught.value.kind, caught.value.reason) == (Kind.DENIED, Reason.PAGE_REFUSED)
    assert web_site.hits["/robots.txt"] == 1
    now = 3601.0
    await robots.rules(URL(address))
    assert web_site.hits["/robots.txt"] == 2


async def test_a_delay_that_a_site_asks_for_is_kept_up_to_a_second(fetching: Fetcher, web_site: Site) -> None:
    web_site.robots = web.Response(text="User-agent: *\nCrawl-delay: 3600")
    assert (await Robots(fetching).rules(URL(web_site.url))).delay_s == 1


async def test_two_at_once_and_no_more_are_let_through() -> None:
    politeness = Politeness()
    inside = most = 0

    async def visit() -> None:
        nonlocal inside, most
        async with politeness.turn("a.example"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(6)))
    assert most == 2
