"""What a child says of its readiness, by systemd's protocol (sd_notify)."""

import contextlib
import socket
from pathlib import Path

from flexura_kit.notify import IMPAIRED

MESSAGE_BYTES_MAX = 4096


class Notifications:
    """A socket that one child writes to; read whenever somebody asks, so that nothing waits for it."""

    def __init__(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(file))
        self._is_ready = False
        self._status = "it has not answered yet"
        self._impaired: frozenset[str] = frozenset()

    def why_not_ready(self) -> str | None:
        """The last status that was said; None once the child has said that it is ready."""
        self._read()
        return None if self._is_ready else self._status

    def impaired(self) -> frozenset[str]:
        """Names what the child does without, as it said last."""
        self._read()
        return self._impaired

    def close(self) -> None:
        self._socket.close()

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while message := self._socket.recv(MESSAGE_BYTES_MAX).decode(errors="replace"):
                fields = dict(line.partition("=")[::2] for line in message.splitlines())
                self._is_ready = self._is_ready or fields.get("READY") == "1"
                self._status = fields.get("STATUS", self._status)
                if IMPAIRED in fields:
                    self._impaired = frozenset(fields[IMPAIRED].split())
