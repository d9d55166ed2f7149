"""What the processes of a tree listen on, as the kernel tells it."""

import socket
import struct
from dataclasses import dataclass
from pathlib import Path

LISTEN = "0A"
ACCEPTS_CONNECTIONS = 0x10000


@dataclass(frozen=True, order=True)
class Port:
    """A TCP port somebody takes connections on."""

    host: str
    number: int
    pid: int


def tcp_ports(pids: list[int]) -> list[Port]:
    owners = inodes_of(pids)
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = fields = line.split()
            address, _, number = local.partition(":")
            if state == LISTEN and fields[9] in owners:
                ports.add(Port(host_of(address), int(number, 16), owners[fields[9]]))
    return sorted(ports)


def unix_sockets(pids: list[int]) -> list[Path]:
    owners = inodes_of(pids)
    lines = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return [
        Path(line[7])
        for line in lines
        if len(line) > 7 and int(line[3], 16) & ACCEPTS_CONNECTIONS and line[6] in owners
    ]


def inodes_of(pids: list[int]) -> dict[str, int]:
    """Whose socket each inode is."""
    owners = {}
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                target = str(descriptor.readlink())
            except FileNotFoundError:
                continue
            if target.startswith("socket:["):
                owners[target[len("socket:[") : -1]] = pid
    return owners


def host_of(address: str) -> str:
    words = [struct.pack("=I", int(address[start : start + 8], 16)) for start in range(0, len(address), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, b"".join(words))
