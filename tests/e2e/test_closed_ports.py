"""Nobody without credentials gets anything from any port of an installation: no web page, no other program."""

import asyncio
import contextlib
import http.client
import json
import ssl
import stat

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from servers.client import Client
from servers.installation import Installation, tree_of
from servers.listening import Port, tcp_ports, unix_sockets

TIMEOUT_S = 5
STRANGER = {"Origin": "https://evil.example", "Host": "evil.example"}
SIMPLE = STRANGER | {"Content-Type": "text/plain", "Sec-Fetch-Mode": "no-cors"}
# What a web page, or a program of another user, would try on the parts of the store that are known to have such paths.
ATTEMPTS = [
    ("GET", "/", STRANGER),
    ("GET", "/buckets/?pretty=y", STRANGER),
    ("GET", "/buckets/flexura-assets/ready", STRANGER),
    ("GET", "/flexura-assets", STRANGER),
    ("GET", "/flexura-assets/ready", STRANGER),
    ("GET", "/dir/assign", SIMPLE),
    ("GET", "/vol/grow?count=1", SIMPLE),
    ("GET", "/col/delete?collection=flexura-assets", SIMPLE),
    ("GET", "/status", STRANGER),
    ("GET", "/debug/pprof/", STRANGER),
    ("GET", "/metrics", STRANGER),
    ("GET", "/healthz", STRANGER),
    ("OPTIONS", "/flexura-assets/ready", STRANGER | {"Access-Control-Request-Method": "DELETE"}),
    ("POST", "/buckets/flexura-assets/planted", SIMPLE),
    ("POST", "/submit", SIMPLE),
    ("PUT", "/buckets/flexura-assets/planted", STRANGER),
    ("PUT", "/flexura-assets/planted", STRANGER),
    ("DELETE", "/buckets/flexura-assets?recursive=true", STRANGER),
    ("DELETE", "/flexura-assets/ready", STRANGER),
    ("POST", "/?Action=ListUsers&Version=2010-05-08", SIMPLE),
    ("POST", "/admin/shutdown", SIMPLE),
]
METHODS = [
    "/master_pb.Seaweed/GetMasterConfiguration",
    "/master_pb.Seaweed/Ping",
    "/filer_pb.SeaweedFiler/GetFilerConfiguration",
    "/filer_pb.SeaweedFiler/ListEntries",
    "/volume_server_pb.VolumeServer/VolumeServerStatus",
    "/volume_server_pb.VolumeServer/VolumeServerLeave",
    "/grpc.health.v1.Health/Check",
]


@pytest.fixture
async def listed(flexura: Installation) -> list[Port]:
    return await asyncio.to_thread(lambda: tcp_ports(tree_of(flexura.process.pid)))


async def test_every_port_is_on_loopback(listed: list[Port]) -> None:
    assert {port.host for port in listed} <= {"127.0.0.1", "::1"}
    # The broker, ten of the store, and the edge on both addresses at most.
    assert len(listed) >= 12


async def test_no_port_answers_a_web_page_or_a_stranger(flexura: Installation, api: Client, listed: list[Port]) -> None:
    job = await api.finished(await api.submit("image", "stays where it is", width=64, height=64))
    before = flexura.pids()
    internal = [port for port in listed if port.number != flexura.port]
    found = [await asyncio.to_thread(answered, port) for port in internal]
    assert [line for lines in found for line in lines] == []
    assert flexura.pids() == before
    await api.asset(job)


async def test_no_port_takes_a_grpc_call_without_our_certificate(listed: list[Port]) -> None:
    targets = [f"{port.host}:{port.number}" for port in listed if port.host == "127.0.0.1"]
    assert [line for target in targets for line in await called(target)] == []


async def test_a_unix_socket_is_closed_to_others(flexura: Installation) -> None:
    sockets = await asyncio.to_thread(lambda: unix_sockets(tree_of(flexura.process.pid)))
    assert len(sockets) >= 5
    for path in sockets:
        if stat.S_IMODE(path.parent.stat().st_mode) & 0o077:
            # Beside the files of others: it must be its owner's alone to write to, and ask for a certificate.
            assert not stat.S_IMODE(path.stat().st_mode) & 0o022, path
            assert await called(f"unix:{path}") == []


async def test_the_broker_refuses_whoever_has_no_password_and_whoever_speaks_http(flexura: Installation) -> None:
    port = json.loads(await asyncio.to_thread((flexura.home.folder / "ports.json").read_text))["nats"]
    smuggled = b"POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 60\r\n\r\nCONNECT {}\r\nSUB > 1\r\nPING\r\n"
    for sent in (b"CONNECT {}\r\nPING\r\n", b'CONNECT {"user":"flexura","pass":""}\r\nSUB > 1\r\nPING\r\n', smuggled):
        answer = await spoken("127.0.0.1", port, sent)
        assert b"PONG" not in answer
        assert b"Authorization Violation" in answer or b"Unknown Protocol Operation" in answer


def answered(port: Port) -> list[str]:
    """Each attempt that was answered with anything but a refusal, in clear and over TLS."""
    found = []
    for tls in (None, ssl._create_unverified_context()):  # noqa: S323, SLF001 - a stranger trusts anybody.
        for method, path, headers in ATTEMPTS:
            answer = asked(port, tls, method, path, headers)
            if answer is not None and (answer[0] < http.client.BAD_REQUEST or answer[1]):
                found.append(f"{port.host}:{port.number} {method} {path}: {answer[0]} {answer[1]}")
    return found


def asked(
    port: Port, tls: ssl.SSLContext | None, method: str, path: str, headers: dict[str, str]
) -> tuple[int, str] | None:
    """The status and what is allowed to other origins; None where there was no answer in HTTP."""
    kind = http.client.HTTPConnection if tls is None else http.client.HTTPSConnection
    more = {} if tls is None else {"context": tls}
    connection = kind(port.host, port.number, timeout=TIMEOUT_S, **more)
    body = b"planted" if method in ("POST", "PUT") else None
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return answer.status, answer.headers.get("Access-Control-Allow-Origin", "")


async def called(target: str) -> list[str]:
    """Each gRPC call that got as far as the program behind the port."""
    found = []
    for credentials in (None, grpc.ssl_channel_credentials()):
        channel = (
            grpc.aio.insecure_channel(target) if credentials is None else grpc.aio.secure_channel(target, credentials)
        )
        async with channel:
            for method in METHODS:
                try:
                    await channel.unary_unary(method)(b"", timeout=TIMEOUT_S)
                    found.append(f"{target} {method}: answered")
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.UNAVAILABLE:
                        found.append(f"{target} {method}: {error.code().name}")
            found += await reflected(target, channel)
    return found


async def reflected(target: str, channel: grpc.aio.Channel) -> list[str]:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    asking = stub.ServerReflectionInfo(
        iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=TIMEOUT_S
    )
    with contextlib.suppress(grpc.aio.AioRpcError):
        return [f"{target} lists its services" async for _ in asking]
    return []


async def spoken(host: str, port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await reader.readline()
            writer.write(sent)
            with contextlib.suppress(ConnectionError):
                return await reader.read()
    except TimeoutError:
        return b""
    finally:
        writer.close()
    return b""
