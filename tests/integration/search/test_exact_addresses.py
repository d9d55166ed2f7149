"""The very bytes that a site is asked for: what was given, directly and through a redirect."""

import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp.abc import AbstractResolver, ResolveResult
from integration.search.raw_server import RawSite, answer, raw_site, redirect
from integration.search.web_server import ANY_PORT, LOOPBACK

from flexura_kit.egress import Egress
from flexura_kit.errors import Reason
from flexura_search.domain.queries import TextFormat
from flexura_search.reader.fetch import fetcher
from flexura_search.reader.pages import Pages, pages
from flexura_search.service.reading import read_all

SIGNED = "/r17/file%27s%20name%3Av2%28a%29.html?Signature=a%2Fb%2Bc%3D%3D&X-Cred=K%2F2026%2Fregion&t=%7E&m=%40x&p=%3B"
GIVEN = [
    (SIGNED, SIGNED),
    ("/plain?a=b+c&d=%20e", "/plain?a=b+c&d=%20e"),
    ("/a b/ü?q=ü z", "/a%20b/%C3%BC?q=%C3%BC%20z"),
    ("/%C3%BC/%E9/%zz", "/%C3%BC/%E9/%zz"),
    ("/x;y=1/(z)'!*?u=http://b.example/?c", "/x;y=1/(z)'!*?u=http://b.example/?c"),
    ("/%2e%2e/x/%2F/..%2f", "/x/%2F/..%2f"),
    ("/#/route", "/"),
    ("/page?", "/page?"),
    ("?", "/?"),
    ("/page?#/route", "/page?"),
    ("/page??", "/page??"),
    ("/page?&", "/page?&"),
    ("/page?=", "/page?="),
    ("/page?a=&b", "/page?a=&b"),
    ("//a//b/", "//a//b/"),
    ("/%2F%2f%7E%7e~", "/%2F%2f%7E%7e~"),
    ("/%3f?%23", "/%3f?%23"),
    ("/a;b;?;=;", "/a;b;?;=;"),
    ("/a|b[c]^?q=[1]|^{2}`", "/a|b[c]%5E?q=[1]|^{2}`"),
    ('/a?q="x"<y>', "/a?q=%22x%22%3Cy%3E"),
    ("/+%20+?+%2B+", "/+%20+?+%2B+"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader() -> AsyncIterator[Pages]:
    async with pages(Egress(LOOPBACK), ports=ANY_PORT, workers=1) as one:
        yield one


async def asked(reader: Pages, site: RawSite, path: str) -> tuple[str, str]:
    """The target that stood in the last request, and the address that is answered."""
    page = await reader.read(site.url + path, TextFormat.TEXT, "", 30)
    assert page.url == site.url + path
    return site.targets[-1].decode("latin-1"), page.final_url


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("path", "target"), GIVEN)
async def test_a_site_is_asked_for_exactly_what_was_given(reader: Pages, path: str, target: str) -> None:
    async with raw_site() as site:
        assert await asked(reader, site, path) == (target, site.url + target)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("location", "target"),
    [
        # Two slashes begin a host, and `?` alone is the page itself.
        *((path.encode(), target) for path, target in GIVEN if path != "?" and not path.startswith("//")),
        (rb"\r16\caf%C3%A9", "/r16/caf%C3%A9"),
        (b"/r16/caf\xe9", "/r16/caf%E9"),
        (b"/r16/caf\xc3\xa9", "/r16/caf%C3%A9"),
        (b"x/y z?a=%27", "/dir/x/y%20z?a=%27"),
        (b"  /padded  ", "/padded"),
        (b"other?", "/dir/other?"),
        (b"./other?a=%7e", "/dir/other?a=%7e"),
        (b"../%2e/x?", "/x?"),
    ],
)
async def test_a_redirect_leads_exactly_where_it_says(reader: Pages, location: bytes, target: str) -> None:
    async with raw_site({"/dir/begin": redirect(location)}) as site:
        assert await asked(reader, site, "/dir/begin") == (target, site.url + target)


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_wrong_with_one_address_costs_the_others_nothing(reader: Pages) -> None:
    async with raw_site() as site:
        urls = [site.url.removeprefix("http://"), f"{site.url}/page", "no address", f"https://{'a' * 64}.example/"]
        first, second, third, last = await read_all(reader, urls, TextFormat.TEXT, "", 30)
    assert second.page is not None
    assert second.page.final_url == f"{site.url}/page"
    # Asked by https, to which nobody answers there.
    assert first.unread is not None
    assert first.unread.reason != Reason.ADDRESS_REFUSED
    for reading in (third, last):
        assert reading.unread is not None
        assert reading.unread.reason == Reason.ADDRESS_REFUSED


@pytest.mark.asyncio(loop_scope="module")
async def test_a_cookie_comes_back_to_a_path_with_an_empty_query(reader: Pages) -> None:
    cookie = answer(b"", None, b"Location: /shop?", b"Set-Cookie: seen=1; Path=/shop", status="302 Found")
    async with raw_site({"/begin": cookie}) as site:
        await reader.read(site.url + "/begin", TextFormat.TEXT, "", 30)
    assert site.targets == [b"/begin", b"/shop?"]
    assert b"\r\nCookie: seen=1\r\n" in site.heads[-1]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_host_is_named_with_its_last_dot() -> None:
    async with raw_site() as site, fetcher(Egress(LOOPBACK), ports=ANY_PORT, resolver=Loopback()) as one:
        for host in ("named.example.", "NAMED.example", "b\u00fccher.example."):
            fetched = await one.fetch(f"http://{host}:{site.port}/a?", 30)
            written = host.lower().replace("b\u00fccher", "xn--bcher-kva")
            assert fetched.final_url == f"http://{written}:{site.port}/a?"
            assert f"\r\nHost: {written}:{site.port}\r\n".encode() in site.heads[-1]


class Loopback(AbstractResolver):
    """Knows every name, and where it leads."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass
