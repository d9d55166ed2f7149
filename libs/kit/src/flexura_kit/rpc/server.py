"""A gRPC server with health, reflection and our interceptor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from flexura.status.v1 import status_service_pb2, status_service_pb2_grpc
from flexura_kit.rpc.interceptor import CallInterceptor
from flexura_kit.settings import RPCServerSettings
from flexura_kit.startup import StartupError

MESSAGE_BYTES_MAX = 16 << 20  # A batch of 64 jobs with the longest prompts is about 3 MB.
CLEAN_UP_S = 2.0  # For handlers that still run when the server has stopped.


@dataclass(frozen=True, slots=True)
class Service:
    """One gRPC service: its descriptor, the generated function that adds it, and who answers."""

    descriptor: ServiceDescriptor
    adder: Callable[[Any, Any], None]
    servicer: object


class StatusServicer(status_service_pb2_grpc.StatusServiceServicer):
    """Answers what the lifecycle found last."""

    def __init__(self) -> None:
        self.missing: Mapping[str, str] = {}
        self.impaired: Mapping[str, str] = {}

    async def GetStatus(  # noqa: N802 - named as in the proto.
        self,
        _request: status_service_pb2.GetStatusRequest,
        _context: grpc.aio.ServicerContext[Any, Any],
    ) -> status_service_pb2.GetStatusResponse:
        return status_service_pb2.GetStatusResponse(missing=self.missing, impaired=self.impaired)


class RPCServer:
    """Started and stopped by the lifecycle."""

    def __init__(
        self,
        settings: RPCServerSettings,
        server: grpc.aio.Server,
        health_servicer: HealthServicer,
        calls: CallInterceptor,
        status: StatusServicer,
    ) -> None:
        self._settings = settings
        self._server = server
        self._health = health_servicer
        self._calls = calls
        self._status = status
        self.port = 0

    async def start(self) -> None:
        try:
            self.port = self._server.add_insecure_port(self._settings.listen)
        except RuntimeError as error:
            where = self._settings.listen
            raise StartupError(f"FLEXURA_RPC_LISTEN={where}: nothing can listen there, or somebody does") from error
        await self._server.start()

    async def set_ready(self, *, is_ready: bool) -> None:
        """Tells callers whether to come here; `grpc.health.v1.Health` says it to them."""
        state = health_pb2.HealthCheckResponse.SERVING if is_ready else health_pb2.HealthCheckResponse.NOT_SERVING
        await self._health.set("", state)

    def set_status(self, missing: Mapping[str, str], impaired: Mapping[str, str]) -> None:
        """Tells callers what is wrong; `flexura.status.v1.StatusService` says it to them."""
        self._status.missing, self._status.impaired = missing, impaired

    async def stop(self) -> None:
        """Lets calls under way end, and returns when every handler has."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(self._settings.grace_s)
        await self._calls.idle(CLEAN_UP_S)


def rpc_server(settings: RPCServerSettings, services: Sequence[Service]) -> RPCServer:
    """Builds a server inside a running loop; it listens once it is started."""
    status = StatusServicer()
    services = [*services, status_service(status)]
    names = [service.descriptor.full_name for service in services]
    calls = CallInterceptor(frozenset(names), settings.deadline_max_s)
    server = grpc.aio.server(
        interceptors=[calls],
        maximum_concurrent_rpcs=settings.concurrency_max,
        options=server_options(settings),
    )
    for service in services:
        service.adder(service.servicer, server)
    health_servicer = HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    if settings.reflection:
        reflection.enable_server_reflection([*names, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
    return RPCServer(settings, server, health_servicer, calls, status)


def status_service(servicer: StatusServicer) -> Service:
    return Service(
        status_service_pb2.DESCRIPTOR.services_by_name["StatusService"],
        status_service_pb2_grpc.add_StatusServiceServicer_to_server,
        servicer,
    )


def server_options(settings: RPCServerSettings) -> list[tuple[str, int]]:
    """The library ignores a misspelt option without a word; a test shows that each of these has its effect."""
    return [
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
        ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
        ("grpc.max_connection_age_ms", settings.connection_age_s * 1000),
        ("grpc.max_connection_age_grace_ms", 30_000),
        ("grpc.http2.min_ping_interval_without_data_ms", settings.ping_interval_min_ms),
    ]
