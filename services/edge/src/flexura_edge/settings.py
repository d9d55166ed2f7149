"""The settings of the edge."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from flexura_kit.addresses import RPCAddress, is_host_and_port
from flexura_kit.redaction import redacted
from flexura_kit.settings import BlobSettings, BusSettings, GraceSeconds, Positive, PublicURL, Settings

ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/\s@?#]+")
DEFAULT_PORT = {"http": ":80", "https": ":443"}


class EdgeSettings(Settings):
    """Where the edge listens, what it is called outside, and whom it asks."""

    nats: BusSettings = BusSettings()
    s3: BlobSettings = BlobSettings()

    listen: str = "127.0.0.1:3000,[::1]:3000"
    """Addresses to listen on, separated by commas; on a machine without IPv6 all but the first may be missing."""
    public_url: PublicURL = "http://localhost:3000"
    """What clients call this server; every link in an answer begins with it."""
    auth_target: RPCAddress
    """gRPC address of the auth service: `unix:/path.sock`, `host:port` or `dns:///name:port`."""
    jobs_target: RPCAddress
    """gRPC address of the jobs service."""
    search_target: RPCAddress
    """gRPC address of the search service."""
    requests_max: Positive = 24_000
    """Requests at once, those that wait included; a further one is answered 503."""
    waiters_max: Positive = 20_000
    """Requests at once that wait for a job (`?wait=`); a further one is answered 503."""
    bodies_max: Positive = 512
    """Requests with a body at once: each may hold 256 KiB."""
    streams_max: Positive = 256
    """Assets that are delivered at once."""
    event_streams_max: Positive = 2000
    """Streams of events that are open at once; a further one is answered 503."""
    event_streams_of_account_max: Positive = 100
    """Streams of events of one account; a further one is answered 429."""
    event_token_key_file: Path | None = None
    """File that all replicas share, with 32 or more random characters a line: the first encrypts event tokens, all \
decrypt them. Without it a token works on the edge alone that made it."""
    event_token_s: Annotated[float, Field(gt=0, le=86_400)] = 600.0
    """Seconds for which an event token opens streams."""
    event_heartbeat_s: Annotated[float, Field(gt=0, le=300)] = 15.0
    """Seconds without an event after which a stream says that it is still there; shorter than proxies have patience."""
    cors_origins: str = ""
    """Origins whose pages may use routes that need a key, separated by commas; `*` for all. Never with cookies."""
    drain_s: Annotated[float, Field(ge=0, le=600)] = 5.0
    """Seconds on shutdown for which new requests are still taken, so that a load balancer sees that it is not ready."""
    grace_s: GraceSeconds = 20.0
    """Seconds after `FLEXURA_DRAIN_S` that requests under way have on shutdown."""

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, text: str) -> str:
        origins(text)
        return text

    @field_validator("listen")
    @classmethod
    def _can_be_read(cls, listen: str) -> str:
        addresses(listen)
        return listen


def origins(text: str) -> tuple[str, ...]:
    """Reads `https://app.example, http://localhost:5173`, each as a browser writes it."""
    given = [origin.strip().rstrip("/").lower() for origin in text.split(",") if origin.strip()]
    wrong = [origin for origin in given if not ORIGIN.fullmatch(origin)]
    if wrong:
        raise ValueError(
            f"{redacted(wrong[0])} is no origin; write scheme, host and port, such as https://app.example or"
            " http://localhost:5173, without a path, or * for all"
        )
    return tuple(origin.removesuffix(DEFAULT_PORT.get(origin.partition(":")[0], " ")) for origin in given)


def addresses(listen: str) -> list[tuple[str, int]]:
    """Reads `127.0.0.1:3000,[::1]:3000`."""
    given = [address.strip() for address in listen.split(",")]
    if not all(map(is_host_and_port, given)):
        raise ValueError("must be host:port, or several separated by commas, such as 127.0.0.1:3000,[::1]:3000")
    return [(host.strip("[]"), int(port)) for host, _, port in (address.rpartition(":") for address in given)]
