"""Free TCP ports of this machine."""

import secrets
import socket
from collections.abc import Sequence
from contextlib import ExitStack

LOWEST, HIGHEST = 10_240, 32_767  # Below the range from which systems take the ports of outgoing connections.
TRIES_MAX = 200


def free_ports(count: int) -> list[int]:
    """Finds ports that nobody listens on, chosen at random so that neighbours who look at once rarely collide."""
    with ExitStack() as held:
        ports: list[int] = []
        for _ in range(TRIES_MAX):
            if len(ports) == count:
                return ports
            port = LOWEST + secrets.randbelow(HIGHEST - LOWEST + 1)
            probe = held.enter_context(socket.socket())
            if port not in ports and _binds(probe, "127.0.0.1", port):
                ports.append(port)
    raise OSError(f"found no {count} free ports between {LOWEST} and {HIGHEST}")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        return _binds(probe, host, port)


def taken(ports: Sequence[int]) -> list[int]:
    return [port for port in ports if not is_free(port)]


def _binds(probe: socket.socket, host: str, port: int) -> bool:
    # As servers do it: a port whose last connections are still closing counts as free.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((host, port))
    except OSError:
        return False
    return True
