"""The one error family in gRPC: as a status of a call, and as the error of one item of a batch."""

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from flexura.errors.v1 import error_pb2, error_reason_pb2
from flexura_kit.errors import FieldViolation, FlexuraError, Kind, Reason

DOMAIN = "flexura"
INTERNAL_MESSAGE = "an internal error occurred; it has been logged"

CODES: dict[Kind, grpc.StatusCode] = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.DENIED: grpc.StatusCode.PERMISSION_DENIED,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    Kind.REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.LIMITED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.BUSY: grpc.StatusCode.UNAVAILABLE,
    Kind.TIMED_OUT: grpc.StatusCode.DEADLINE_EXCEEDED,
    Kind.INTERNAL: grpc.StatusCode.INTERNAL,
}
KINDS = {code: kind for kind, code in CODES.items()}

# What the library itself says about a connection or a busy server; never a word of ours.
FOREIGN: dict[grpc.StatusCode, tuple[Kind, Reason, str]] = {
    grpc.StatusCode.UNAVAILABLE: (Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "a part of the service cannot be reached"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (
        Kind.BUSY,
        Reason.OVERLOADED,
        "more is under way than this server can take on",
    ),
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        Kind.TIMED_OUT,
        Reason.DEADLINE_EXCEEDED,
        "a part of the service did not answer in time",
    ),
    grpc.StatusCode.CANCELLED: (Kind.BUSY, Reason.SERVICE_UNAVAILABLE, "the call was cut off"),
}

INTERNAL = (Kind.INTERNAL, Reason.INTERNAL, INTERNAL_MESSAGE)


def reason_to_proto(reason: Reason) -> error_reason_pb2.ErrorReason.ValueType:
    return error_reason_pb2.ErrorReason.Value(f"ERROR_REASON_{reason.name}")


def reason_from_proto(number: int) -> Reason:
    """Answers INTERNAL for a reason that a newer service knows and we do not."""
    try:
        return Reason[error_reason_pb2.ErrorReason.Name(number).removeprefix("ERROR_REASON_")]  # type: ignore[arg-type]
    except (KeyError, ValueError):
        return Reason.INTERNAL


def error_to_message(error: FlexuraError) -> error_pb2.Error:
    return error_pb2.Error(
        kind=error_pb2.ErrorKind.Value(f"ERROR_KIND_{error.kind.name}"),
        reason=reason_to_proto(error.reason),
        message=error.message,
        metadata=error.metadata,
        violations=[error_pb2.FieldViolation(field=v.field, message=v.message) for v in error.violations],
    )


def error_from_message(message: error_pb2.Error) -> FlexuraError:
    try:
        kind = Kind[error_pb2.ErrorKind.Name(message.kind).removeprefix("ERROR_KIND_")]
    except (KeyError, ValueError):
        kind = Kind.INTERNAL
    return with_metadata(
        kind,
        reason_from_proto(message.reason),
        message.message,
        [FieldViolation(v.field, v.message) for v in message.violations],
        dict(message.metadata),
    )


def error_to_status(error: FlexuraError) -> grpc.Status:
    details = [any_of(error_details_pb2.ErrorInfo(reason=error.reason.name, domain=DOMAIN, metadata=error.metadata))]
    if error.violations:
        fields = [
            error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.message) for v in error.violations
        ]
        details.append(any_of(error_details_pb2.BadRequest(field_violations=fields)))
    code: int = CODES[error.kind].value[0]
    return rpc_status.to_status(status_pb2.Status(code=code, message=error.message, details=details))


def error_from_call(failed: grpc.aio.AioRpcError, service: str) -> FlexuraError:
    """Reads what a call failed with; a kind is taken from our own ErrorInfo only."""
    status = rpc_status.from_call(failed)  # type: ignore[arg-type]
    info = our_error_info(status)
    if status is None or info is None:
        kind, reason, message = FOREIGN.get(failed.code(), INTERNAL)
        return FlexuraError(kind, reason, message, service=service)
    return with_metadata(
        KINDS.get(failed.code(), Kind.INTERNAL),
        Reason[info.reason] if info.reason in Reason.__members__ else Reason.INTERNAL,
        status.message,
        violations_of(status),
        dict(info.metadata),
    )


def with_metadata(
    kind: Kind, reason: Reason, message: str, violations: list[FieldViolation], metadata: dict[str, str]
) -> FlexuraError:
    # Set apart from the constructor: a sender's metadata may bear any name, `message` among them.
    error = FlexuraError(kind, reason, message, violations)
    error.metadata = metadata
    return error


def our_error_info(status: status_pb2.Status | None) -> error_details_pb2.ErrorInfo | None:
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info) and info.domain == DOMAIN:
            return info
    return None


def violations_of(status: status_pb2.Status) -> list[FieldViolation]:
    for detail in status.details:
        request = error_details_pb2.BadRequest()
        if detail.Unpack(request):
            return [FieldViolation(v.field, v.description) for v in request.field_violations]
    return []


def any_of(message: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
