"""Addresses as settings give them: what a well-formed one looks like, and how to write it where it is not."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

PORT_MAX = 65_535
HOST = re.compile(r"\[[0-9A-Fa-f:.%]+\]|[^\s:/@?#\[\]]+")
PORT = re.compile(r"[0-9]{1,5}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
NATS_SCHEMES = ("nats", "tls", "ws", "wss")


def is_host_and_port(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return HOST.fullmatch(host) is not None and (port == "0" or is_port(port))


def is_port(text: str) -> bool:
    return PORT.fullmatch(text) is not None and 0 < int(text) <= PORT_MAX


def rpc_address(text: str) -> str:
    """Refuses what a gRPC server cannot listen on and a client cannot call."""
    kind, _, rest = text.partition(":")
    if kind == "unix":
        is_right = rest.startswith("/") and not rest.endswith("/")
    else:
        is_right = is_host_and_port(text.removeprefix("dns:").removeprefix("///"))
    if not is_right:
        raise ValueError("must be host:port, unix:/path.sock or, for a client, dns:///name:port")
    return text


def listen_address(text: str) -> str:
    """Refuses what is neither empty nor `host:port`."""
    if text and not is_host_and_port(text):
        raise ValueError("must be host:port, such as 127.0.0.1:9100 or [::]:9100")
    return text


def nats_servers(text: str) -> str:
    """Refuses what is no list of NATS servers."""
    for server in text.split(","):
        url = server.strip() if "://" in server else f"nats://{server.strip()}"
        if url.partition("://")[0] not in NATS_SCHEMES or not _has_host(url):
            raise ValueError("must be nats://host:port, or several separated by commas; tls:// is known too")
    return text


def s3_endpoint(text: str) -> str:
    """Refuses a URL: the scheme is a setting of its own."""
    if not is_host_and_port(text) and not HOST.fullmatch(text):
        raise ValueError("must be host:port, without a scheme or a path; FLEXURA_S3_SECURE=true means https")
    return text


def bucket_name(text: str) -> str:
    if not BUCKET.fullmatch(text):
        raise ValueError("must be 3 to 63 small letters, digits, dots and hyphens, as S3 names buckets")
    return text


def http_url(text: str) -> str:
    """Refuses what is neither empty nor an address that HTTP can ask."""
    if text and (text.partition("://")[0] not in {"http", "https"} or not _has_host(text)):
        raise ValueError("must begin with http:// or https:// and name a host")
    return text


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_port_right = parts.port is None or parts.port <= PORT_MAX
    except ValueError:
        return False
    return bool(parts.hostname) and is_port_right and not any(map(str.isspace, url))


RPCAddress = Annotated[str, AfterValidator(rpc_address)]
ListenAddress = Annotated[str, AfterValidator(listen_address)]
NATSServers = Annotated[str, AfterValidator(nats_servers)]
S3Endpoint = Annotated[str, AfterValidator(s3_endpoint)]
BucketName = Annotated[str, AfterValidator(bucket_name)]
HTTPURL = Annotated[str, AfterValidator(http_url)]
