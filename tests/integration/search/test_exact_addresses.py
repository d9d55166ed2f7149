"""The very bytes that a site is asked for: what was given, directly and through a redirect."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from integration.search.raw_server import RawSite, raw_site, redirect
from integration.search.web_server import ANY_PORT, LOOPBACK

from flexura_kit.egress import Egress
from flexura_kit.errors import Reason
from flexura_search.domain.queries import TextFormat
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
        *((path.encode(), target) for path, target in GIVEN),
        (rb"\r16\caf%C3%A9", "/r16/caf%C3%A9"),
        (b"/r16/caf\xe9", "/r16/caf%E9"),
        (b"/r16/caf\xc3\xa9", "/r16/caf%C3%A9"),
        (b"x/y z?a=%27", "/dir/x/y%20z?a=%27"),
        (b"  /padded  ", "/padded"),
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
