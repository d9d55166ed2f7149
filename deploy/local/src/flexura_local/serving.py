"""Waits until a gRPC server says that it serves: `python -m flexura_local.serving TARGET`."""

import asyncio
import sys
import time

from grpc_health.v1 import health_pb2

from flexura_kit.errors import FlexuraError
from flexura_kit.rpc import rpc_channel

TIMEOUT_S = 15.0
POLL_S = 0.05


async def why_not_serving(target: str) -> str | None:
    """Asks until it serves or the time is over; then says what it answered last."""
    deadline = time.monotonic() + TIMEOUT_S
    async with rpc_channel(target) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        reason = "it has not answered"
        while time.monotonic() < deadline:
            try:
                answer = await check(health_pb2.HealthCheckRequest(), timeout=1.0)
            except FlexuraError as error:
                reason = error.message
            else:
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return None
                reason = "it runs and cannot serve yet"
            await asyncio.sleep(POLL_S)
    return reason


if __name__ == "__main__":
    sys.exit(asyncio.run(why_not_serving(sys.argv[1])))
