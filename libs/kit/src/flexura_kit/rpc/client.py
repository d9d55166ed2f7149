"""A gRPC channel that speaks our errors and carries the trace."""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
from grpc.aio import ClientCallDetails, Metadata, UnaryUnaryCall, UnaryUnaryClientInterceptor

from flexura_kit.rpc.errors import error_from_call
from flexura_kit.rpc.server import MESSAGE_BYTES_MAX
from flexura_kit.rpc.trace import outgoing_trace

OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    # A service that comes back is found within a second; the library would wait up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 0),
    # Retries live in one layer, ours, and only for calls that are safe to repeat.
    ("grpc.enable_retries", 0),
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
]


@asynccontextmanager
async def rpc_channel(target: str) -> AsyncIterator[grpc.aio.Channel]:
    """Opens a channel to `unix:/path.sock`, `host:port` or `dns:///name:port`, and closes it again.

    Failures of calls are raised as FlexuraError. Every call names its own `timeout`.
    """
    channel = grpc.aio.insecure_channel(target, options=OPTIONS, interceptors=[CallTranslator()])
    try:
        yield channel
    finally:
        await channel.close()


class CallTranslator(UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(
        self,
        continuation: Callable[[ClientCallDetails, Any], Any],
        client_call_details: ClientCallDetails,
        request: Any,
    ) -> Any:
        # The stubs say str; the library hands over bytes.
        name = os.fsdecode(client_call_details.method)
        if client_call_details.timeout is None:
            raise ValueError(f"{name} was called without a timeout")
        details = ClientCallDetails(
            client_call_details.method,
            client_call_details.timeout,
            Metadata(*(client_call_details.metadata or ()), *outgoing_trace()),
            client_call_details.credentials,
            client_call_details.wait_for_ready,
        )
        call: UnaryUnaryCall[Any, Any] = await continuation(details, request)
        try:
            return await call
        except grpc.aio.AioRpcError as failed:
            raise error_from_call(failed, service=name.split("/")[1]) from failed
