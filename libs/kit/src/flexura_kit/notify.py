"""Readiness as systemd's protocol tells it (sd_notify): to the service manager that names a socket in NOTIFY_SOCKET."""

import contextlib
import os
import socket
from collections.abc import Iterable, Mapping

VARIABLE = "NOTIFY_SOCKET"
IMPAIRED = "X_FLEXURA_IMPAIRED"  # A field of ours; the protocol leaves names that begin with X_ to programs.


class Notifier:
    """Tells the service manager how this process is; does nothing where none listens, and never waits or raises."""

    def __init__(self, address: str = "") -> None:
        # A leading @ stands for the abstract namespace of Linux.
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self) -> None:
        self._send("READY=1\nSTATUS=ready")

    def not_ready(self, missing: Mapping[str, str]) -> None:
        """Names what is missing; READY is said once, and never taken back by this protocol."""
        sentence = "; ".join(f"{name}: {why}" for name, why in missing.items())
        self._send(f"STATUS=waits for {' '.join(sentence.split())}")

    def impaired(self, names: Iterable[str]) -> None:
        """Names what the process does without meanwhile; an empty message says that it does without nothing."""
        self._send(f"{IMPAIRED}={' '.join(names)}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(message.encode(), self._address)


def notifier(environment: Mapping[str, str] = os.environ) -> Notifier:
    return Notifier(environment.get(VARIABLE, ""))
