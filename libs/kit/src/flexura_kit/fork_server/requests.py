"""How a request and its descriptors travel from the owner to the server of forks."""

import json
import socket
import struct
from dataclasses import dataclass

LENGTH = struct.Struct("!I")
STANDARDS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """A program to fork, and by its number what it has as standard input, output and error."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    descriptors: dict[int, int]


def send_request(connection: socket.socket, request: Request) -> None:
    given = list(request.descriptors)
    body = json.dumps([request.module, request.arguments, request.environment, given]).encode()
    socket.send_fds(connection, [LENGTH.pack(len(body)) + body], list(request.descriptors.values()))


def receive_request(connection: socket.socket) -> Request | None:
    """Answers None when the owner is gone."""
    header, descriptors, _, _ = socket.recv_fds(connection, LENGTH.size, STANDARDS)
    if len(header) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(header)
    body = b""
    while len(body) < length:
        received = connection.recv(length - len(body))
        if not received:
            return None
        body += received
    module, arguments, environment, given = json.loads(body)
    return Request(module, arguments, environment, dict(zip(given, descriptors, strict=True)))
