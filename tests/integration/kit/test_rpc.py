"""The gRPC server and client, called through generated stubs over a real socket."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from servers.waiting import eventually

from flexura.search.v1 import search_service_pb2 as pb
from flexura.search.v1 import search_service_pb2_grpc as stubs
from flexura_kit import log
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason
from flexura_kit.rpc import Service, rpc_channel, rpc_server
from flexura_kit.rpc.server import RPCServer
from flexura_kit.settings import RPCServerSettings
from flexura_kit.startup import StartupError

DESCRIPTOR = pb.DESCRIPTOR.services_by_name["SearchService"]

SLOW_S = 1.0


class Answers(stubs.SearchServiceServicer):
    """Does what the query says."""

    def __init__(self) -> None:
        self.time_left: float | None = None
        self.cleaned_up = 0
        self.trace: dict[str, Any] = {}

    async def Search(self, request: pb.SearchRequest, context: Any) -> pb.SearchResponse:
        self.time_left = context.time_remaining()
        match request.query:
            case "crash":
                raise ValueError("password=hunter2")
            case "refuse":
                raise FlexuraError(
                    Kind.INVALID, Reason.INVALID_REQUEST, "wrong", [FieldViolation("query", "say more")], limit="3"
                )
            case "hang":
                try:
                    await asyncio.sleep(60)
                finally:
                    await asyncio.sleep(0.05)
                    self.cleaned_up += 1
            case "foreign":
                await context.abort(grpc.StatusCode.NOT_FOUND, "not one of ours")
        return pb.SearchResponse()

    async def GetStatus(self, _request: pb.GetStatusRequest, _context: Any) -> pb.GetStatusResponse:
        self.trace = log.structlog.contextvars.get_contextvars()
        return pb.GetStatusResponse()


@asynccontextmanager
async def serving(
    folder: Path, answers: Answers, **settings: Any
) -> AsyncIterator[tuple[RPCServer, stubs.SearchServiceStub]]:
    address = f"unix:{folder}/s.sock"
    server = rpc_server(
        RPCServerSettings(listen=address, grace_s=0.2, **settings),
        [Service(DESCRIPTOR, stubs.add_SearchServiceServicer_to_server, answers)],
    )
    await server.start()
    try:
        async with rpc_channel(address) as channel:
            yield server, stubs.SearchServiceStub(channel)
    finally:
        await server.stop()


def bare_channel(folder: Path, options: list[tuple[str, int]] | None = None) -> grpc.aio.Channel:
    """A client that knows nothing of ours."""
    return grpc.aio.insecure_channel(f"unix:{folder}/s.sock", options=options)


async def failure_of(stub: stubs.SearchServiceStub, query: str, timeout_s: float = 5) -> FlexuraError:
    with pytest.raises(FlexuraError) as caught:
        await stub.Search(pb.SearchRequest(query=query), timeout=timeout_s)
    return caught.value


async def test_an_error_of_ours_comes_out_as_it_went_in(tmp_path: Path) -> None:
    async with serving(tmp_path, Answers()) as (_, stub):
        error = await failure_of(stub, "refuse")
    assert (error.kind, error.reason, error.message) == (Kind.INVALID, Reason.INVALID_REQUEST, "wrong")
    assert error.violations == (FieldViolation("query", "say more"),)
    assert error.metadata == {"limit": "3"}


async def test_the_text_of_an_unexpected_exception_stays_inside(tmp_path: Path) -> None:
    async with serving(tmp_path, Answers()) as (_, stub):
        error = await failure_of(stub, "crash")
    assert error.kind is Kind.INTERNAL
    assert "hunter2" not in str(error)
    assert "hunter2" not in repr(error.__cause__)


async def test_a_status_that_is_not_ours_decides_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, Answers()) as (_, stub):
        assert (await failure_of(stub, "foreign")).kind is Kind.INTERNAL


async def test_a_server_that_is_gone_is_busy_and_found_again_soon(tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/s.sock"
    async with rpc_channel(address) as channel:
        stub = stubs.SearchServiceStub(channel)
        error = await failure_of(stub, "any", timeout_s=1)
        assert (error.kind, error.reason) == (Kind.BUSY, Reason.SERVICE_UNAVAILABLE)
        async with serving(tmp_path, Answers()), asyncio.timeout(20):
            while True:
                try:
                    await stub.Search(pb.SearchRequest(), timeout=1)
                except FlexuraError:
                    await asyncio.sleep(0.05)
                else:
                    break


async def test_a_server_that_is_slow_to_greet_is_waited_for(tmp_path: Path) -> None:
    relays: list[asyncio.Task[None]] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, after_s: float) -> None:
        await asyncio.sleep(after_s)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(f"{tmp_path}/s.sock")
        async with asyncio.TaskGroup() as both:
            both.create_task(pass_on(reader, to_server, 0))
            both.create_task(pass_on(from_server, writer, SLOW_S))

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relays.append(asyncio.create_task(relay(reader, writer)))

    slow = f"{tmp_path}/slow.sock"
    async with serving(tmp_path, Answers()), await asyncio.start_unix_server(accepted, slow):
        async with rpc_channel(f"unix:{slow}") as channel:
            await stubs.SearchServiceStub(channel).Search(pb.SearchRequest(), timeout=10)
        await asyncio.gather(*relays)


async def test_a_server_that_is_full_is_busy_and_not_the_callers_fault(tmp_path: Path) -> None:
    answers = Answers()
    async with serving(tmp_path, answers, concurrency_max=1) as (_, stub):
        first = asyncio.ensure_future(stub.Search(pb.SearchRequest(query="hang"), timeout=3))
        await eventually(lambda: answers.time_left is not None)
        error = await failure_of(stub, "any")
        assert (error.kind, error.reason) == (Kind.BUSY, Reason.OVERLOADED)
        with pytest.raises(FlexuraError):
            await first


async def test_a_call_without_a_timeout_never_leaves_the_client(tmp_path: Path) -> None:
    async with serving(tmp_path, Answers()) as (_, stub):
        with pytest.raises(ValueError, match="without a timeout"):
            await stub.GetStatus(pb.GetStatusRequest())


async def test_a_call_without_a_deadline_is_capped_by_the_server(tmp_path: Path) -> None:
    answers = Answers()
    async with serving(tmp_path, answers, deadline_max_s=0.2), bare_channel(tmp_path) as bare:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stubs.SearchServiceStub(bare).Search(pb.SearchRequest(query="hang"))
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert answers.cleaned_up == 1


async def test_the_handler_gives_up_before_the_caller_does_and_says_so(tmp_path: Path) -> None:
    answers = Answers()
    async with serving(tmp_path, answers) as (_, stub):
        error = await failure_of(stub, "hang", timeout_s=0.4)
        assert error.kind is Kind.TIMED_OUT
        assert answers.time_left is not None
        assert answers.time_left < 0.41  # The library sends whole milliseconds, rounded up.


async def test_work_is_refused_when_too_little_time_is_left(tmp_path: Path) -> None:
    answers = Answers()
    async with serving(tmp_path, answers) as (_, stub):
        assert (await failure_of(stub, "any", timeout_s=0.08)).kind is Kind.TIMED_OUT
    assert answers.time_left is None


async def test_a_stopped_server_has_no_handler_left_that_cleans_up(tmp_path: Path) -> None:
    answers = Answers()
    async with serving(tmp_path, answers) as (_, stub):
        calls = [asyncio.ensure_future(stub.Search(pb.SearchRequest(query="hang"), timeout=30)) for _ in range(20)]
        await asyncio.sleep(0.3)
    assert answers.cleaned_up == 20
    await asyncio.gather(*calls, return_exceptions=True)


async def test_request_id_and_trace_travel_with_the_call(tmp_path: Path) -> None:
    answers = Answers()
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with serving(tmp_path, answers) as (_, stub):
        with log.bound(request_id="r-1", traceparent=traceparent):
            await stub.GetStatus(pb.GetStatusRequest(), timeout=5)
        assert (answers.trace["request_id"], answers.trace["traceparent"]) == ("r-1", traceparent)
        with log.bound(request_id="bad id", traceparent="nonsense"):
            await stub.GetStatus(pb.GetStatusRequest(), timeout=5)
    assert answers.trace["request_id"] != "bad id"
    assert "traceparent" not in answers.trace


async def test_health_follows_readiness(tmp_path: Path) -> None:
    async with serving(tmp_path, Answers()) as (server, _), bare_channel(tmp_path) as bare:
        health = health_pb2_grpc.HealthStub(bare)
        for is_ready, status in ((True, "SERVING"), (False, "NOT_SERVING"), (True, "SERVING")):
            await server.set_ready(is_ready=is_ready)
            answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=5)
            assert health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status) == status


async def test_two_servers_never_share_a_port(tmp_path: Path) -> None:
    del tmp_path
    service = Service(DESCRIPTOR, stubs.add_SearchServiceServicer_to_server, Answers())
    first = rpc_server(RPCServerSettings(listen="127.0.0.1:0"), [service])
    await first.start()
    second = rpc_server(RPCServerSettings(listen=f"127.0.0.1:{first.port}"), [service])
    with pytest.raises(StartupError, match="FLEXURA_RPC_LISTEN"):
        await second.start()
    await first.stop()


async def test_messages_beyond_the_librarys_own_limit_pass(tmp_path: Path) -> None:
    async with serving(tmp_path, Answers()) as (_, stub):
        await stub.Search(pb.SearchRequest(query="x" * (6 << 20)), timeout=5)


@pytest.mark.parametrize(("interval_min_ms", "is_cut_off"), [(50, False), (60_000, True)])
async def test_a_client_that_pings_too_often_is_cut_off_at_our_interval_and_no_other(
    tmp_path: Path, interval_min_ms: int, is_cut_off: bool
) -> None:
    pinging = [("grpc.keepalive_time_ms", 1000), ("grpc.http2.max_pings_without_data", 0)]
    server = serving(tmp_path, Answers(), ping_interval_min_ms=interval_min_ms, deadline_max_s=5)
    async with server, bare_channel(tmp_path, pinging) as bare:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stubs.SearchServiceStub(bare).Search(pb.SearchRequest(query="hang"), timeout=9)
    assert ("ping" in str(caught.value.details()).lower()) is is_cut_off


def test_reflection_lists_the_service_to_buf_curl(tmp_path: Path) -> None:
    async def listed() -> str:
        async with serving(tmp_path, Answers()):
            process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).parent / "buf"),
                *("curl", "--protocol", "grpc", "--http2-prior-knowledge", "--unix-socket", f"{tmp_path}/s.sock"),
                *("-d", "{}", "http://localhost/flexura.search.v1.SearchService/GetStatus"),
                stdout=subprocess.PIPE,
            )
            out, _ = await asyncio.wait_for(process.communicate(), 30)
            return out.decode()

    assert json.loads(asyncio.run(listed())) == {}
