"""Free TCP ports of this machine."""

import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

LOWEST, HIGHEST = 10_240, 32_767  # Below the range from which systems take the ports of outgoing connections.
TRIES_MAX = 200
LISTENING = "0A"  # TCP_LISTEN, as the kernel writes it.


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
    return why_not_free(port, host) is None


def why_not_free(port: int, host: str) -> OSError | None:
    """Why nothing can listen there, in the system's own words."""
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            _bind(probe, host, port)
        except OSError as error:
            return error
    return None


def taken(ports: Sequence[int]) -> list[int]:
    return [port for port in ports if not is_free(port)]


def who_listens(port: int) -> str | None:
    """Names the process that listens on the port, where this user may see it."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening(Path("/proc/net") / table, port)}
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in Path("/proc").iterdir():
        # Processes come and go, and those of others may not be looked into.
        with suppress(OSError):
            if folder.name.isdecimal() and any(str(link.readlink()) in wanted for link in (folder / "fd").iterdir()):
                return f"process {folder.name} ({(folder / 'comm').read_text().strip()})"
    return None


def _listening(table: Path, port: int) -> Iterator[str]:
    """The inodes of the sockets that listen on the port, from a table of the kernel."""
    with suppress(OSError):
        for line in table.read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                yield columns[9]


def _binds(probe: socket.socket, host: str, port: int) -> bool:
    try:
        _bind(probe, host, port)
    except OSError:
        return False
    return True


def _bind(probe: socket.socket, host: str, port: int) -> None:
    # As servers do it: a port whose last connections are still closing counts as free.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((host, port))
