"""Lines on their way out of the process: a stream that never blocks and never raises."""

import contextlib
import io
import os
import select
import socket
import stat
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

PENDING_BYTES_MAX = 256 << 10
CHUNK_BYTES = select.PIPE_BUF  # A pipe that has room at all takes this much.
EXIT_FLUSH_S = 0.5  # For a reader who is only slow.
EXIT_POLL_S = 0.02

Send = Callable[[bytes], int]


def dropped_text(lines: int) -> bytes:
    return f"{lines} lines dropped\n".encode()


class LineOutput:
    """Writes lines to a file descriptor; keeps a bounded number while it takes none, and drops and counts the rest.

    A full disk, a reader that has gone and a reader that does not read are no reason to stop or to wait. Once lines
    are taken again, one line says how many were dropped.
    """

    def __init__(
        self,
        descriptor: int,
        dropped_line: Callable[[int], bytes] = dropped_text,
        pending_bytes_max: int = PENDING_BYTES_MAX,
    ) -> None:
        self.dropped = 0
        self._send = sender(descriptor)
        self._dropped_line = dropped_line
        self._pending_bytes_max = pending_bytes_max
        self._pending: deque[bytes] = deque()
        self._pending_bytes = 0
        self._unreported = 0
        # Reentrant: a signal handler or a finalizer may log in the middle of a line.
        self._lock = threading.RLock()

    def write(self, line: bytes) -> int:
        """Takes a whole line: it is written, or kept for later, or dropped."""
        with self._lock:
            self._write_pending()
            rest = line if self._pending else self._sent(line)
            if rest:
                self._keep_or_drop(rest, is_cut=len(rest) < len(line))
        return len(line)

    def flush(self) -> None:
        with self._lock:
            self._write_pending()

    def flush_at_exit(self) -> None:
        """Gives a slow reader a moment to take what is kept."""
        until = time.monotonic() + EXIT_FLUSH_S
        self.flush()
        while self._pending and time.monotonic() < until:
            time.sleep(EXIT_POLL_S)
            self.flush()

    def _keep_or_drop(self, rest: bytes, *, is_cut: bool) -> None:
        has_room = self._pending_bytes + len(rest) <= self._pending_bytes_max and not self._unreported
        # The rest of a line whose beginning is written is kept in any case, so that the next line stands on its own.
        if has_room or is_cut:
            self._pending.append(rest)
            self._pending_bytes += len(rest)
        else:
            self.dropped += 1
            self._unreported += 1

    def _write_pending(self) -> None:
        while self._pending or self._unreported:
            if not self._pending:
                report, self._unreported = self._dropped_line(self._unreported), 0
                self._pending.append(report)
                self._pending_bytes += len(report)
            line = self._pending.popleft()
            rest = self._sent(line)
            self._pending_bytes -= len(line) - len(rest)
            if rest:
                self._pending.appendleft(rest)
                return

    def _sent(self, line: bytes) -> bytes:
        """Writes what is taken at once; answers the rest."""
        while line:
            try:
                written = self._send(line[:CHUNK_BYTES] if len(line) > CHUNK_BYTES else line)
            except OSError:
                return line
            if not written:
                return line
            line = line[written:]
        return line


class _Bytes(io.RawIOBase):
    """The output as the lower half of a text stream."""

    def __init__(self, output: LineOutput, *, is_terminal: bool) -> None:
        super().__init__()
        self._output = output
        self._is_terminal = is_terminal

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, data: object) -> int:
        return self._output.write(bytes(data))  # type: ignore[call-overload]

    def flush(self) -> None:
        self._output.flush()


def output_of(stream: TextIO | None, dropped_line: Callable[[int], bytes] = dropped_text) -> LineOutput:
    """The output of the stream's descriptor; a stream that has none, as a closed one, drops everything."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        return LineOutput(stream.fileno(), dropped_line)  # type: ignore[union-attr]
    return LineOutput(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), dropped_line)


def text_over(output: LineOutput, *, is_terminal: bool) -> TextIO:
    """A text stream for `print` and for libraries."""
    lower = _Bytes(output, is_terminal=is_terminal)
    return io.TextIOWrapper(lower, "utf-8", "backslashreplace", line_buffering=True)  # type: ignore[type-var]


def sender(descriptor: int) -> Send:
    """Answers how to write to a descriptor without ever waiting for its reader.

    The descriptor stays as it is: other processes share it, and a mode that is set on it is theirs as well.
    """
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return lambda data: os.write(descriptor, data)
    if stat.S_ISSOCK(mode):
        return lambda data: send_now(descriptor, data)
    with contextlib.suppress(OSError):
        # The same pipe or terminal, opened once more, has a mode of its own.
        again = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        return lambda data: os.write(again, data)
    return lambda data: write_where_there_is_room(descriptor, data)


def send_now(descriptor: int, data: bytes) -> int:
    own = socket.socket(fileno=descriptor)
    try:
        return own.send(data, socket.MSG_DONTWAIT)
    finally:
        own.detach()


def write_where_there_is_room(descriptor: int, data: bytes) -> int:
    """For a descriptor that cannot be opened once more, as where it was opened by another user."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return os.write(descriptor, data) if poll.poll(0) else 0
