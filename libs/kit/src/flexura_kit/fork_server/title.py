"""What `ps` and /proc show of a process that was forked: its own arguments and environment, not the server's."""

import ctypes
from collections.abc import Iterable, Mapping
from pathlib import Path

# Of /proc/PID/stat, counted behind the name: where the arguments and the environment lie (proc(5), 48 to 51).
FIRST, LAST = 45, 49


def show(arguments: Iterable[str], environment: Mapping[str, str]) -> None:
    """Writes them where the kernel looks; the variables themselves must have been set anew, and lie elsewhere."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return  # Nobody can look either.
    arguments_start, arguments_end, variables_start, variables_end = map(int, fields[FIRST:LAST])
    write(arguments_start, arguments_end, arguments)
    write(variables_start, variables_end, (f"{name}={value}" for name, value in environment.items()))


def write(start: int, end: int, texts: Iterable[str]) -> None:
    content = b"".join(text.encode(errors="surrogateescape") + b"\0" for text in texts)[: end - start - 1]
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, content, len(content))
