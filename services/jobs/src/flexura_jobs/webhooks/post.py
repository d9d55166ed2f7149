"""One POST to an address that a stranger named: guarded, bounded, never redirected."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    ServerDisconnectedError,
    TCPConnector,
)
from yarl import URL

from flexura_jobs.domain.webhooks import Answer
from flexura_jobs.service.webhook_addresses import written_url
from flexura_kit.clock import Clock, said_at, steady
from flexura_kit.egress import Egress, EgressRefusedError, Network
from flexura_kit.hosts import HostRefusedError, ascii_host, refuse_long_host_in

AUTHORITY = re.compile(r"[a-z]+://[^/?]*", re.IGNORECASE)
TIMEOUT_S = 15.0
ANSWER_BYTES_MAX = 1024  # Read, so that the connection may serve again; what is longer is cut off.
WHY = (
    (ClientConnectorDNSError, "the name of the receiver was not found"),
    (ClientConnectorCertificateError, "the receiver's certificate is not valid for this address"),
    (ClientSSLError, "the receiver does not speak TLS as it should"),
    (ClientConnectorError, "nothing takes connections there"),
    (ServerDisconnectedError, "the receiver closed the connection"),
)
USER_AGENT = "Flexura-Webhooks/1"


class HTTPPost:
    """Sends over https to the internet, and over http only to what the operator allows."""

    def __init__(
        self, secure: ClientSession, plain: ClientSession, timeout_s: float, clock: Clock = steady.now
    ) -> None:
        self._secure = secure
        self._plain = plain
        self._timeout_s = timeout_s
        self._clock = clock

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            address = exact(url)
            session = self._secure if address.scheme == "https" else self._plain
            async with session.post(
                address,
                data=body,
                headers={**headers, **host_header(address)},
                # Followed, a redirect would take the message where its owner did not send it.
                allow_redirects=False,
                timeout=ClientTimeout(total=self._timeout_s),
            ) as response:
                # The status is the answer, whether the rest comes or not.
                with suppress(TimeoutError, ClientError):
                    await response.content.read(ANSWER_BYTES_MAX)
                return Answer(response.status, retry_after=self._retry_after(response.headers))
        except TimeoutError:
            return Answer(error=f"the receiver did not answer within {self._timeout_s:g} seconds")
        except (InvalidURL, HostRefusedError):
            return Answer(error="the address cannot be read")
        except (ClientError, OSError, ValueError) as error:
            return Answer(error=sentence_of(error))

    def _retry_after(self, headers: Mapping[str, str]) -> timedelta | None:
        """Reads seconds or a date; None where it is neither."""
        header = headers.get("Retry-After", "").strip()
        if header.isdecimal() and header.isascii():
            return timedelta(seconds=int(header[:9]))
        try:
            time = parsedate_to_datetime(header)
        except ValueError:
            return None
        return (time if time.tzinfo else time.replace(tzinfo=UTC)) - said_at(headers.get("Date", ""), self._clock)


def exact(url: str) -> URL:
    """The address with its path and query to the byte: the library would decode, sort out and drop some of it.

    Raises HostRefusedError or another ValueError.
    """
    url = written_url(url)
    refuse_long_host_in(url)
    parts = urlsplit(url)
    host = ascii_host(parts.hostname or "")
    authority = f"[{host}]" if ":" in host else host
    target = AUTHORITY.sub("", url, count=1)
    return URL.build(
        scheme=parts.scheme,
        authority=authority if parts.port is None else f"{authority}:{parts.port}",
        # With the query: an empty one is asked for, too.
        path=target if target.startswith("/") else f"/{target}",
        encoded=True,
    )


def host_header(address: URL) -> dict[str, str]:
    """The host as it was registered: the library would leave its last dot out."""
    host = address.raw_host or ""
    if not host.endswith("."):
        return {}
    return {"Host": host if address.is_default_port() else f"{host}:{address.port}"}


def sentence_of(error: Exception) -> str:
    """Says what failed in words of our own: the library's name addresses that are not the owner's to know."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, EgressRefusedError):
        return f"no connection was made: {cause}"
    why = next((words for kind, words in WHY if isinstance(error, kind)), type(error).__name__)
    return f"no answer was received: {why}"


@asynccontextmanager
async def http_post(
    allowed: tuple[Network, ...], connections_max: int, timeout_s: float = TIMEOUT_S
) -> AsyncIterator[HTTPPost]:
    secure = Egress(allowed)
    plain = Egress(allowed, only_allowed=True)
    async with session(secure, connections_max) as https, session(plain, connections_max) as http:
        yield HTTPPost(https, http, timeout_s)


def session(egress: Egress, connections_max: int) -> ClientSession:
    return ClientSession(
        connector=TCPConnector(limit=connections_max, socket_factory=egress.open_socket),
        # One account's receiver leaves nothing behind for another's.
        cookie_jar=DummyCookieJar(),
        headers={"User-Agent": USER_AGENT},
        auto_decompress=False,
        trust_env=False,
    )
