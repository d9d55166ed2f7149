"""gRPC servers and clients that behave the same in every service."""

from flexura_kit.rpc.client import rpc_channel
from flexura_kit.rpc.errors import error_from_message, error_to_message, reason_from_proto, reason_to_proto
from flexura_kit.rpc.server import RPCServer, Service, rpc_server
from flexura_kit.rpc.times import fill_timestamp, from_timestamp, to_duration, to_timestamp

__all__ = [
    "RPCServer",
    "Service",
    "error_from_message",
    "error_to_message",
    "fill_timestamp",
    "from_timestamp",
    "reason_from_proto",
    "reason_to_proto",
    "rpc_channel",
    "rpc_server",
    "to_duration",
    "to_timestamp",
]
