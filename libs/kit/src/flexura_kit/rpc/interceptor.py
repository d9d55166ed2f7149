"""What surrounds each call on a server: deadline, trace, error translation and one log line."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc
from prometheus_client import Histogram

from flexura_kit import log
from flexura_kit.errors import FlexuraError, Kind, Reason
from flexura_kit.rpc.errors import CODES, INTERNAL, error_to_status
from flexura_kit.rpc.trace import trace_of

RETURN_MARGIN_S = 0.02  # Leaves time to say which call was slow.
USEFUL_S = 0.1  # With less left, the caller would be gone before the answer.

CALL_SECONDS = Histogram(
    "flexura_rpc_seconds",
    "Time from a call's arrival to its answer.",
    ["method", "code"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

if TYPE_CHECKING:
    # The stubs make these generic; the library's own classes are not.
    Context = grpc.aio.ServicerContext[Any, Any]
    Handler = grpc.RpcMethodHandler[Any, Any]
    UnaryMethod = Callable[[Any, Context], Awaitable[Any]]

logger = log.get_logger()


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Surrounds our own methods; health and reflection pass as they are."""

    def __init__(self, services: frozenset[str], deadline_max_s: float) -> None:
        self._services = services
        self._deadline_max_s = deadline_max_s
        self._handlers: dict[str, Handler] = {}
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], "Awaitable[Handler | None]"],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        method: str = handler_call_details.method
        surrounded = self._handlers.get(method)
        if surrounded is not None:
            return surrounded
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None or method.split("/")[1] not in self._services:
            return handler
        self._handlers[method] = grpc.unary_unary_rpc_method_handler(
            self._surround(method.rpartition("/")[2], handler.unary_unary),  # type: ignore[arg-type]
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )
        return self._handlers[method]

    async def idle(self, timeout_s: float) -> bool:
        """Waits until no call is under way: a stopped server may still have handlers that clean up."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def _surround(self, method: str, behaviour: "UnaryMethod") -> "UnaryMethod":
        async def surrounded(request: Any, context: "Context") -> Any:
            self._under_way += 1
            self._idle.clear()
            try:
                return await self._call(method, behaviour, request, context)
            finally:
                self._under_way -= 1
                if self._under_way == 0:
                    self._idle.set()

        return surrounded

    async def _call(self, method: str, behaviour: "UnaryMethod", request: Any, context: "Context") -> Any:
        began = time.perf_counter()
        log.clear()
        call = {"rpc": method, **trace_of(context.invocation_metadata())}
        log.bind(**call)
        try:
            async with asyncio.timeout(self._budget_s(context)):
                answer = await behaviour(request, context)
        except asyncio.CancelledError:
            self._report(call, "CANCELLED", began)
            raise
        except FlexuraError as error:
            failure = error
        except TimeoutError:
            failure = FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "it took longer than allowed")
        except Exception:
            # The one place where an unexpected exception ends: its text stays in the log.
            logger.exception("rpc_crashed")
            failure = FlexuraError(*INTERNAL)
        else:
            self._report(call, "OK", began)
            return answer
        self._report(call, CODES[failure.kind].name, began, reason=failure.reason.value)
        return await abort(context, failure)

    def _budget_s(self, context: "Context") -> float:
        # The stubs say float; without a deadline the library answers None.
        left = cast("float | None", context.time_remaining())
        if left is None:
            return self._deadline_max_s
        if left < USEFUL_S:
            raise FlexuraError(Kind.TIMED_OUT, Reason.DEADLINE_EXCEEDED, "too little time was left to begin")
        return min(left - RETURN_MARGIN_S, self._deadline_max_s)

    @staticmethod
    def _report(call: Mapping[str, str], code: str, began: float, **fields: str) -> None:
        seconds = time.perf_counter() - began
        CALL_SECONDS.labels(call["rpc"], code).observe(seconds)
        log.canonical.info("rpc_answered", **call, code=code, duration_ms=round(seconds * 1000, 2), **fields)


async def abort(context: "Context", failure: FlexuraError) -> NoReturn:
    await context.abort_with_status(error_to_status(failure))
    raise AssertionError("abort_with_status returned")
