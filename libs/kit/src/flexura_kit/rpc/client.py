"""A gRPC channel that speaks our errors and carries the trace."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import grpc

from flexura_kit.rpc.errors import error_from_call
from flexura_kit.rpc.server import MESSAGE_BYTES_MAX
from flexura_kit.rpc.trace import outgoing_trace

OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    # A service that comes back is found within a second; the library would wait up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    # Bounds a connection attempt too, and a busy service may take a moment to greet.
    ("grpc.min_reconnect_backoff_ms", 5000),
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
    async with grpc.aio.insecure_channel(target, options=OPTIONS) as channel:
        yield TranslatingChannel(channel)


class TranslatingChannel(grpc.aio.Channel):
    """Carries the trace, and translates the failures of unary calls.

    An interceptor would do the same with a task more for each call, which a batch of reads feels.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    def unary_unary(self, method: str, *codecs: Any, **options: Any) -> Any:
        call = self._channel.unary_unary(method, *codecs, **options)
        service = method.split("/")[1]

        async def translated(request: Any, *, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - gRPC's own name
            if timeout is None:
                raise ValueError(f"{method} was called without a timeout")
            try:
                return await call(request, timeout=timeout, metadata=outgoing_trace())
            except grpc.aio.AioRpcError as failed:
                raise error_from_call(failed, service) from failed

        return translated

    def unary_stream(self, *method: Any, **options: Any) -> Any:
        return self._channel.unary_stream(*method, **options)

    def stream_unary(self, *method: Any, **options: Any) -> Any:
        return self._channel.stream_unary(*method, **options)

    def stream_stream(self, *method: Any, **options: Any) -> Any:
        return self._channel.stream_stream(*method, **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    async def close(self, grace: float | None = None) -> None:
        await self._channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:  # noqa: FBT001, FBT002 - gRPC's own
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._channel.channel_ready()
