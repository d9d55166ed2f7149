"""T-S4: whatever an address says, nothing inside is asked; a canary counts."""

import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp.abc import AbstractResolver, ResolveResult
from integration.search.web_server import ANY_PORT, Site, site

from flexura_kit.egress import Egress, networks
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_search.domain.queries import TextFormat
from flexura_search.reader.fetch import Fetcher, fetcher
from flexura_search.reader.pages import pages


class Names(AbstractResolver):
    """Answers each name with its addresses, one after the other; the last one stays."""

    def __init__(self, names: dict[str, list[str]]) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        addresses = self._names.get(host)
        if not addresses:
            raise OSError(None, "no such name")
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
        ]

    async def close(self) -> None: ...


@pytest_asyncio.fixture
async def canary() -> AsyncIterator[Site]:
    async with site() as served:
        yield served


@pytest_asyncio.fixture
async def fetching() -> AsyncIterator[Fetcher]:
    async with fetcher(Egress(), ports=ANY_PORT) as one:
        yield one


ANYWHERE = "0.0.0.0"  # noqa: S104 - asked, not bound.
HOSTS = [
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", ANYWHERE, "0", "2130706433", "0x7f000001", "0x7f.1",
    "0177.0.0.1", "017700000001", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "[::1]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fd00::1]", "[fec0::1]", "[ff02::1]", "10.0.0.1",
    "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255",
    "192.88.99.1", "\uff11\uff12\uff17.0.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1", "127%2e0%2e0%2e1",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
async def test_no_form_of_an_inner_address_is_asked(fetching: Fetcher, canary: Site, host: str) -> None:
    error = await failure(fetching, f"http://{host}:{canary.port}/page")
    assert (error.kind, error.reason) == (Kind.INVALID, Reason.ADDRESS_REFUSED)
    assert canary.hits.total() == 0


@pytest.mark.parametrize(
    "template",
    ["http://u@127.0.0.1:{port}/", "http://a.example@127.0.0.1:{port}/", "http:\\\\127.0.0.1:{port}\\",
     "//127.0.0.1:{port}/",     "gopher://127.0.0.1:{port}/", "http://127.0.0.1:{port}#@a.example/", "http://127.0.0.1:{port}\\@a.example/",
     "jar:http://127.0.0.1:{port}/", " http://127.0.0.1:{port}/ ", "http://127.0.0.1\t:{port}/"],
)  # fmt: skip
async def test_no_trick_of_writing_leads_inside(fetching: Fetcher, canary: Site, template: str) -> None:
    error = await failure(fetching, template.replace("{port}", str(canary.port)))
    assert error.reason in {Reason.ADDRESS_REFUSED, Reason.PAGE_UNREACHABLE}
    assert canary.hits.total() == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "64:ff9b::7f00:1"])
async def test_a_name_that_leads_inside_is_refused(canary: Site, address: str) -> None:
    async with fetcher(Egress(), ports=ANY_PORT, resolver=Names({"inside.example": [address]})) as one:
        error = await failure(one, f"http://inside.example:{canary.port}/page")
    assert (error.kind, error.reason) == (Kind.INVALID, Reason.ADDRESS_REFUSED)
    assert canary.hits.total() == 0


async def test_a_redirect_inside_is_not_followed(canary: Site) -> None:
    # One site that may be asked, which names the canary in all its redirects; the canary listens on another address.
    egress = Egress(networks("127.0.0.1/32"))
    async with site() as outer, fetcher(egress, ports=ANY_PORT) as one:
        for host in ("127.0.0.2", "[::1]", ANYWHERE, "2130706434", "[::ffff:127.0.0.2]"):
            error = await failure(one, f"{outer.url}/to/http://{host}:{canary.port}/page")
            assert error.reason is Reason.ADDRESS_REFUSED
        assert outer.hits.total() == 5
    assert canary.hits.total() == 0


async def test_a_name_that_changes_its_mind_is_judged_by_where_the_connection_goes(canary: Site) -> None:
    # Allowed is an address where nobody listens; the name leads there when it is looked up first, and then inside.
    names = Names({"turn.example": ["127.0.0.9", "127.0.0.1"]})
    async with fetcher(Egress(networks("127.0.0.9/32")), ports=ANY_PORT, resolver=names) as one:
        first = await failure(one, f"http://turn.example:{canary.port}/page")
        assert first.reason is Reason.PAGE_UNREACHABLE
        for _ in range(3):
            await failure(one, f"http://turn.example:{canary.port}/page")
    assert canary.hits.total() == 0


async def test_robots_of_an_inner_host_are_not_asked_for(canary: Site) -> None:
    async with pages(Egress(), ports=ANY_PORT, workers=1) as reader:
        with pytest.raises(FlexuraError) as caught:
            await reader.read(f"{canary.url}/page", TextFormat.TEXT, "", 10)
    assert caught.value.reason is Reason.ADDRESS_REFUSED
    assert canary.hits.total() == 0


async def failure(fetching: Fetcher, address: str) -> FlexuraError:
    with pytest.raises(FlexuraError) as caught:
        await fetching.fetch(address, 5)
    return caught.value
