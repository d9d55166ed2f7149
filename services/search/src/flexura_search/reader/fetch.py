"""One page from the internet: guarded at the socket, bounded in time and bytes, redirects followed by hand."""

import asyncio
import re
import zlib
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from http.cookies import CookieError

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    CookieJar,
    DummyCookieJar,
    InvalidURL,
    ServerDisconnectedError,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver
from yarl import URL

from flexura_kit.egress import Egress, EgressRefusedError
from flexura_kit.hosts import HostRefusedError
from flexura_search.domain.addresses import parsed
from flexura_search.reader.addresses import (
    OF_THE_WEB,
    PORTS,
    URL_CHARACTERS_MAX,
    checked,
    host_header,
    without_empty_query,
)
from flexura_search.reader.failures import address_refused, timed_out, unreachable, unreadable
from flexura_search.reader.inflating import inflating
from flexura_search.reader.parsing.kinds import is_hopeless, is_readable
from flexura_search.reader.sniffing.mime import MIMEType, extracted
from flexura_search.reader.sniffing.signatures import SNIFFED_BYTES

Gate = Callable[[URL], AbstractAsyncContextManager[None]]

CONTACT = "https://github.com/flexura/flexura"
USER_AGENT = "FlexuraReader/1.0 (+{contact})"
REDIRECTS_MAX = 5
OTHER_SCHEME = re.compile(r"[\x00-\x20]*[a-z][a-z0-9+.-]*:", re.IGNORECASE)
ASCII_END = 0x80
REDIRECTS = frozenset({301, 302, 303, 307, 308})
OK = 200
OF_ANOTHER_HAND = 203  # A page that something on the way has changed is a page.
HEADER_BYTES_MAX = 65_536  # Some sites' content policies alone exceed the 8 KiB of the library.
CONNECT_TIMEOUT_S = 5.0
HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/pdf;q=0.9,text/*;q=0.8,application/json;q=0.7,*/*;q=0.1",
    "Accept-Encoding": "gzip, deflate",
    "Accept-Language": "en,*;q=0.5",
}
NO_TEXT = "this is of a kind that holds no text that can be read"
WHY = (
    (ClientConnectorDNSError, "the name of its host is not known"),
    (ClientConnectorCertificateError, "its certificate is not valid for this address"),
    (ClientSSLError, "it does not speak TLS as it should"),
    (ClientConnectorError, "nothing takes connections there"),
    (ServerDisconnectedError, "it closed the connection"),
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is taken of a body, and of which types."""

    bytes_max: int = 10 << 20
    has_any_type: bool = False
    is_cut: bool = False
    """Whether a longer body is cut off; otherwise it is refused."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What answered at the end of the redirects; the body is empty unless the status is 200."""

    final_url: str
    status: int
    content_type: str = ""
    charset: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The few that say how long the body may be kept, by their names in lower case."""


KEPT_HEADERS = ("age", "cache-control", "etag", "expires", "last-modified")


def open_gate(_url: URL) -> AbstractAsyncContextManager[None]:
    return nullcontext()


class Fetcher:
    def __init__(self, session: ClientSession, ports: Collection[int] = PORTS) -> None:
        self._session = session
        self._ports = ports

    async def fetch(
        self,
        address: str,
        timeout_s: float,
        gate: Gate = open_gate,
        bounds: Bounds = Bounds(),
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Asks, behind the gate for each address on the way; raises FlexuraError where nothing answers."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(address, gate, bounds, headers or {})
        except TimeoutError as error:
            raise timed_out(address, timeout_s) from error

    async def _follow(self, address: str, gate: Gate, bounds: Bounds, headers: Mapping[str, str]) -> Fetched:
        # A site that sets a cookie and sends the reader back gets it back; with the page, the cookie is forgotten.
        jar = CookieJar(unsafe=True)
        url = checked(address, self._ports)
        for _ in range(REDIRECTS_MAX + 1):
            async with gate(url):
                answer = await self._ask(address, url, jar, bounds, headers)
            if isinstance(answer, Fetched):
                return answer
            url = checked(answer, self._ports)
            headers = {}
        raise unreadable(address, f"the site redirects more than {REDIRECTS_MAX} times")

    async def _ask(
        self, address: str, url: URL, jar: CookieJar, bounds: Bounds, headers: Mapping[str, str]
    ) -> Fetched | str:
        place = without_empty_query(url)
        cookies = {name: morsel.value for name, morsel in jar.filter_cookies(place).items()}
        headers = {**headers, **host_header(url)}
        try:
            async with self._session.get(url, headers=headers, cookies=cookies, allow_redirects=False) as response:
                jar.update_cookies(response.cookies, place)
                location = location_of(response.raw_headers)
                if response.status in REDIRECTS and location:
                    return joined(url, location)
                return await self._read(address, response, bounds)
        except InvalidURL as error:
            raise address_refused(address, "it cannot be understood") from error
        except zlib.error as error:
            raise unreadable(address, "the body of the page is packed in a way that cannot be undone") from error
        except (ClientError, CookieError, OSError, ValueError) as error:
            # A time-out of the whole call is an OSError, too, and not for this place to explain.
            if isinstance(error, TimeoutError) and not isinstance(error, ClientError):
                raise
            raise _failure(address, error) from error

    async def _read(self, address: str, response: ClientResponse, bounds: Bounds) -> Fetched:
        declared = extracted(response.headers.getall("Content-Type", ())) or MIMEType("")
        fetched = Fetched(
            str(response.url),
            OK if response.status == OF_ANOTHER_HAND else response.status,
            declared.essence,
            declared.charset,
            headers={name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
        )
        if fetched.status != OK:
            # What stands beside an error is for nobody, and reading it would take time.
            response.close()
            return fetched
        if not bounds.has_any_type and not is_readable(fetched.content_type):
            response.close()
            raise unreadable(address, NO_TEXT)
        body = await _body(address, response, bounds, fetched.content_type)
        return replace(fetched, body=body)


def location_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Where the answer sends to; bytes beyond ASCII are escaped as they are, whatever they were meant for."""
    location = next((value for name, value in headers if name.lower() == b"location"), b"")
    return "".join(chr(byte) if byte < ASCII_END else f"%{byte:02X}" for byte in location)


def joined(url: URL, location: str) -> str:
    if len(location) > URL_CHARACTERS_MAX:
        raise address_refused(str(url), f"it redirects to an address of more than {URL_CHARACTERS_MAX:,} characters")
    if OTHER_SCHEME.match(location) and not OF_THE_WEB.match(location):
        # Refused where all addresses are judged.
        return location
    try:
        return str(parsed(location, parsed(str(url))))
    except HostRefusedError as error:
        raise address_refused(str(url), f"it redirects to an address whose host {error}") from error
    except ValueError as error:
        raise address_refused(str(url), "it redirects to an address that cannot be understood") from error


async def _body(address: str, response: ClientResponse, bounds: Bounds, content_type: str) -> bytes:
    is_judged = bounds.has_any_type
    unpacking = inflating(response.headers.get("Content-Encoding", ""))
    if unpacking is None:
        raise unreadable(address, "the body of the page is packed in a way that was not asked for")
    body = bytearray()
    async for data in response.content.iter_any():
        for piece in unpacking.feed(data):
            body += piece
            if not is_judged and len(body) >= SNIFFED_BYTES:
                is_judged = True
                if is_hopeless(content_type, bytes(body[:SNIFFED_BYTES])):
                    response.close()
                    raise unreadable(address, NO_TEXT)
            if len(body) <= bounds.bytes_max:
                continue
            response.close()
            if bounds.is_cut:
                return bytes(body[: bounds.bytes_max])
            raise unreadable(address, f"the page is larger than {bounds.bytes_max >> 20} MiB")
    if not unpacking.is_whole:
        raise unreachable(address, "its packed body breaks off before its end")
    return bytes(body)


def _failure(address: str, error: Exception) -> Exception:
    """Says what failed in words of our own: the library's name addresses that are not the caller's to know."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, EgressRefusedError):
        return address_refused(address, str(cause))
    why = next((words for kind, words in WHY if isinstance(error, kind)), "its answer is not one of the web")
    return unreachable(address, why)


@asynccontextmanager
async def fetcher(
    egress: Egress,
    contact: str = CONTACT,
    ports: Collection[int] = PORTS,
    connections_max: int = 64,
    resolver: AbstractResolver | None = None,
) -> AsyncIterator[Fetcher]:
    connector = TCPConnector(limit=connections_max, socket_factory=egress.open_socket, resolver=resolver)
    async with ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        headers={**HEADERS, "User-Agent": USER_AGENT.format(contact=contact)},
        timeout=ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
        auto_decompress=False,
        trust_env=False,
        max_line_size=HEADER_BYTES_MAX,
        max_field_size=HEADER_BYTES_MAX,
    ) as session:
        yield Fetcher(session, ports)
